ALTER TABLE messages DROP CONSTRAINT messages_state_check;
ALTER TABLE messages ADD CONSTRAINT messages_state_check
    CHECK (state IN ('admitted', 'revision', 'held', 'noted', 'dead', 'parked', 'discarded'));

ALTER TABLE interchanges
    ADD COLUMN position integer NOT NULL DEFAULT 0,
    ADD COLUMN digest text NOT NULL DEFAULT '',
    ADD COLUMN state text NOT NULL DEFAULT 'received' CHECK (state IN
                 ('received', 'duplicate', 'control_reused', 'unknown_partner', 'wrong_usage',
                  'composed', 'sent', 'awaiting', 'accepted', 'accepted_with_errors', 'partially_accepted',
                  'rejected', 'late', 'missing')),
    ADD COLUMN repeats bigint REFERENCES interchanges,
    ADD COLUMN ack_due timestamptz,
    ADD COLUMN ack_at timestamptz;
UPDATE interchanges SET state = 'sent' WHERE direction = 'out';
UPDATE interchanges i SET position = numbered.position
FROM (SELECT id, row_number() OVER (PARTITION BY document_id ORDER BY id) - 1 AS position
      FROM interchanges WHERE direction = 'in') AS numbered
WHERE i.id = numbered.id;
DROP INDEX interchanges_in;
CREATE UNIQUE INDEX interchanges_in ON interchanges (document_id, position) WHERE direction = 'in';
CREATE INDEX interchanges_partner ON interchanges (system, direction, sender, receiver, control, at);
CREATE INDEX interchanges_effect ON interchanges (effect_id) WHERE effect_id IS NOT NULL;
CREATE INDEX interchanges_waiting ON interchanges (ack_due) WHERE state = 'awaiting';
CREATE INDEX interchanges_taken ON interchanges (system, sender, receiver, id)
    WHERE direction = 'in' AND state = 'received';
CREATE INDEX interchanges_open ON interchanges (id)
    WHERE state IN ('control_reused', 'unknown_partner', 'wrong_usage', 'awaiting', 'missing', 'partially_accepted',
                    'rejected');
-- one follows from the other; without knowing, the planner sorts all of a partner's interchanges for the newest
CREATE STATISTICS interchanges_sides (dependencies) ON system, sender, receiver FROM interchanges;

CREATE TABLE interchange_groups (
    interchange_id  bigint NOT NULL REFERENCES interchanges,
    position        integer NOT NULL,
    functional      text NOT NULL DEFAULT '',
    control         text NOT NULL DEFAULT '',
    version         text NOT NULL DEFAULT '',
    records         integer NOT NULL DEFAULT 0,
    state           text NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'control_reused')),
    PRIMARY KEY (interchange_id, position)
);
CREATE INDEX interchange_groups_control ON interchange_groups (control);

CREATE TABLE acknowledgements (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    system          text NOT NULL,
    kind            text NOT NULL,
    sender          text NOT NULL,
    receiver        text NOT NULL,
    about           text NOT NULL,
    interchange_id  bigint REFERENCES interchanges,
    verdict         text NOT NULL,
    outcome         text NOT NULL,
    document_id     uuid NOT NULL,
    position        integer NOT NULL,
    detail          jsonb NOT NULL DEFAULT '{}',
    at              timestamptz NOT NULL DEFAULT now(),
    UNIQUE (document_id, position)
);
CREATE INDEX acknowledgements_interchange ON acknowledgements (interchange_id);

-- what was issued per system goes on under the identities of its profile: see take_control_numbers
ALTER TABLE control_numbers ADD COLUMN scope text;
UPDATE control_numbers SET scope = system;
ALTER TABLE control_numbers ALTER COLUMN scope SET NOT NULL, DROP COLUMN system, ADD PRIMARY KEY (scope, kind);
