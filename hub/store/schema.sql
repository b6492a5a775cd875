-- The hub's record truth. This file is the whole schema as it is now; `migrations/` leads there step by
-- step, and a test proves that both give the same database.

-- Content-addressed bytes: raw documents, decoded trees, requests and answers. A claim check for the rest.
CREATE TABLE payloads (
    sha256      text PRIMARY KEY,
    media_type  text NOT NULL,
    size        bigint NOT NULL,
    body        bytea NOT NULL,
    stored_at   timestamptz NOT NULL DEFAULT now()
);

-- Where reading goes on, per intake flow. Moves in the transaction that stores what was read.
CREATE TABLE cursors (
    flow      text PRIMARY KEY,
    position  jsonb NOT NULL,
    moved_at  timestamptz NOT NULL DEFAULT now()
);

-- What a flow's source looks like beyond its mapping's samples: `shape` was accepted, `pending` waits for somebody
-- to accept it. Text, not JSON: a partner's field names may hold what JSON columns refuse.
CREATE TABLE source_shapes (
    flow          text PRIMARY KEY,
    shape         text NOT NULL DEFAULT '',
    digest        text NOT NULL DEFAULT '',
    learnt_at     timestamptz,
    pending       text NOT NULL DEFAULT '',
    pending_since timestamptz
);

-- The inbox: one row per document as it arrived (file, page, webhook, request).
-- `records` is known once decoded; `progress` is how many of them are settled, so that a killed worker's
-- successor redoes at most one batch. Repeated records are counted here and on the message they repeat.
CREATE TABLE documents (
    id           uuid PRIMARY KEY,
    flow         text NOT NULL,
    endpoint     text NOT NULL,
    source_key   text NOT NULL,
    sha256       text NOT NULL REFERENCES payloads,
    attributes   jsonb NOT NULL DEFAULT '{}',
    run_id       text NOT NULL DEFAULT '',
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'claimed', 'done', 'halted')),
    lease_until  timestamptz,
    fence        bigint NOT NULL DEFAULT 0,
    records      integer,
    progress     integer NOT NULL DEFAULT 0,
    repeats      integer NOT NULL DEFAULT 0,
    received_at  timestamptz NOT NULL DEFAULT now(),
    settled_at   timestamptz,
    UNIQUE (endpoint, source_key, sha256)
);
CREATE INDEX documents_open ON documents (flow, received_at) WHERE state IN ('waiting', 'claimed');
CREATE INDEX documents_run ON documents (run_id);

-- One row per distinct record of a document: a transaction set, a JSON item, a row.
-- held: an enrichment's target is down, tried again at retry_at. `seen` counts arrivals of the same content.
-- noted: an acknowledgement of something we sent, entered into `acknowledgements`.
CREATE TABLE messages (
    id           uuid PRIMARY KEY,
    document_id  uuid NOT NULL REFERENCES documents,
    position     integer NOT NULL,
    flow         text NOT NULL,
    endpoint     text NOT NULL,
    source_key   text NOT NULL,
    digest       text NOT NULL,
    state        text NOT NULL CHECK (state IN ('admitted', 'revision', 'held', 'noted', 'dead', 'parked', 'discarded')),
    return_id    uuid,
    revises      uuid REFERENCES messages,
    mapping      text NOT NULL DEFAULT '',
    seen         integer NOT NULL DEFAULT 1,
    holds        integer NOT NULL DEFAULT 0,
    retry_at     timestamptz,
    received_at  timestamptz NOT NULL DEFAULT now(),
    settled_at   timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now()
);
-- The admission key, first by what people search for. A discarded message suppresses nothing: when the partner sends it again it is new.
CREATE UNIQUE INDEX messages_admission ON messages (source_key, endpoint, digest) WHERE state <> 'discarded';
-- People know a record by its own number, without the client's name before it.
CREATE INDEX messages_number ON messages (substring(source_key FROM '[^/]*$'));
CREATE INDEX messages_document ON messages (document_id);
CREATE INDEX messages_return ON messages (return_id);
CREATE INDEX messages_held ON messages (flow, retry_at) WHERE state = 'held';

-- Append-only statements about returns; canonical/facts.py says what the columns mean.
CREATE TABLE facts (
    seq             bigint GENERATED ALWAYS AS IDENTITY,
    id              uuid PRIMARY KEY,
    return_id       uuid NOT NULL,
    type            text NOT NULL,
    version         smallint NOT NULL,
    source          text NOT NULL,
    occurred_at     timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL,
    entity          text NOT NULL,
    site            text NOT NULL,
    actor           text NOT NULL,
    actor_kind      text NOT NULL,
    correlation_id  text NOT NULL,
    causation_id    text NOT NULL,
    mapping         text NOT NULL,
    raw_sha256      text NOT NULL,
    corrects        uuid,
    message_id      uuid,
    data            json NOT NULL
);
CREATE INDEX facts_return ON facts (return_id, seq);

-- The projection: fold(facts) per return. `returns-hub rebuild` makes it anew, bit for bit.
CREATE TABLE returns (
    return_id   uuid PRIMARY KEY,
    state       json NOT NULL DEFAULT '{}',
    status      text NOT NULL DEFAULT '',
    rma_number  text NOT NULL DEFAULT '',
    entity      text NOT NULL DEFAULT '',
    updated_at  timestamptz NOT NULL DEFAULT now()
) WITH (toast_tuple_target = 8160); -- a usual return stays in its row: compressing it costs more than its disk
CREATE INDEX returns_status ON returns (status, updated_at);

-- Every number a person may ask for, and whose return it is.
CREATE TABLE business_keys (
    value      text NOT NULL,
    kind       text NOT NULL,
    return_id  uuid NOT NULL,
    PRIMARY KEY (value, kind, return_id)
);

-- Everything that leaves. One row per (target, operation, business key), for ever.
-- 'waiting' with an unfinished earlier effect of the same return and target is what people call held.
CREATE TABLE effects (
    id              uuid PRIMARY KEY,
    seq             bigint GENERATED ALWAYS AS IDENTITY,
    flow            text NOT NULL,
    target          text NOT NULL,
    operation       text NOT NULL,
    business_key    text NOT NULL,
    return_id       uuid,
    fact_id         uuid,
    document_id     uuid,
    commutes        boolean NOT NULL DEFAULT false,
    state           text NOT NULL DEFAULT 'waiting' CHECK (state IN
                    ('waiting', 'claimed', 'retry_at', 'in_doubt', 'confirmed', 'refused', 'parked', 'cancelled')),
    not_before      timestamptz NOT NULL DEFAULT now(),
    lease_until     timestamptz,
    fence           bigint NOT NULL DEFAULT 0,
    attempts        integer NOT NULL DEFAULT 0,
    kills           integer NOT NULL DEFAULT 0,
    request_sha256  text REFERENCES payloads,
    request_type    text NOT NULL DEFAULT '',
    mapping         text NOT NULL DEFAULT '',
    reference       text NOT NULL DEFAULT '',
    receipt         jsonb,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled_at      timestamptz,
    UNIQUE (target, operation, business_key)
);
CREATE INDEX effects_open ON effects (target, seq)
    WHERE state IN ('waiting', 'claimed', 'retry_at', 'in_doubt');
CREATE INDEX effects_return ON effects (return_id, target, seq);
CREATE INDEX effects_reference ON effects (reference) WHERE reference <> '';
CREATE INDEX effects_document ON effects (document_id) WHERE document_id IS NOT NULL;

-- One row per call, written before the call; an attempt without outcome took its worker down.
CREATE TABLE attempts (
    effect_id        uuid NOT NULL REFERENCES effects,
    fence            bigint NOT NULL,
    worker           text NOT NULL,
    started_at       timestamptz NOT NULL DEFAULT now(),
    ended_at         timestamptz,
    outcome          text NOT NULL DEFAULT '',
    class            text NOT NULL DEFAULT '',
    code             text NOT NULL DEFAULT '',
    message          text NOT NULL DEFAULT '',
    request          text NOT NULL DEFAULT '',
    response         text NOT NULL DEFAULT '',
    response_sha256  text REFERENCES payloads,
    PRIMARY KEY (effect_id, fence)
);

-- What could not pass, with everything needed to understand, repair and replay it.
CREATE TABLE dead_letters (
    id           uuid PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('message', 'effect')),
    message_id   uuid REFERENCES messages,
    effect_id    uuid REFERENCES effects,
    document_id  uuid,
    return_id    uuid,
    flow         text NOT NULL,
    target       text NOT NULL DEFAULT '',
    run_id       text NOT NULL DEFAULT '',
    class        text NOT NULL,
    step         text NOT NULL,
    code         text NOT NULL,
    path         text NOT NULL DEFAULT '',
    fingerprint  text NOT NULL,
    summary      text NOT NULL,
    errors       jsonb NOT NULL,
    tree_sha256  text REFERENCES payloads,
    mapping      text NOT NULL DEFAULT '',
    state        text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'replayed', 'parked', 'discarded', 'resolved')),
    replays      integer NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL DEFAULT now(),
    settled_at   timestamptz,
    settled_by   text NOT NULL DEFAULT '',
    note         text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX dead_letters_message ON dead_letters (message_id) WHERE state IN ('open', 'parked');
CREATE UNIQUE INDEX dead_letters_effect ON dead_letters (effect_id) WHERE state IN ('open', 'parked');
CREATE INDEX dead_letters_state ON dead_letters (state, created_at DESC);
CREATE INDEX dead_letters_run ON dead_letters (run_id);
CREATE INDEX dead_letters_return ON dead_letters (return_id);

-- Interchanges both ways, by their envelope: what an EDI partner asks about. `position` counts from 0 in a document.
-- In: received | duplicate (`repeats` names the first) | control_reused | unknown_partner | wrong_usage.
-- Out: composed → sent (nothing is waited for), or awaiting until `ack_due` → what the partner said.
CREATE TABLE interchanges (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    direction    text NOT NULL CHECK (direction IN ('in', 'out')),
    system       text NOT NULL,
    sender       text NOT NULL,
    receiver     text NOT NULL,
    control      text NOT NULL,
    version      text NOT NULL DEFAULT '',
    sets         text NOT NULL DEFAULT '',
    document_id  uuid,
    effect_id    uuid,
    at           timestamptz NOT NULL DEFAULT now(),
    position     integer NOT NULL DEFAULT 0,
    digest       text NOT NULL DEFAULT '',
    state        text NOT NULL DEFAULT 'received' CHECK (state IN
                 ('received', 'duplicate', 'control_reused', 'unknown_partner', 'wrong_usage',
                  'composed', 'sent', 'awaiting', 'accepted', 'accepted_with_errors', 'partially_accepted',
                  'rejected', 'late', 'missing')),
    repeats      bigint REFERENCES interchanges,
    ack_due      timestamptz,
    ack_at       timestamptz
);
CREATE INDEX interchanges_control ON interchanges (control);
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

-- Functional groups of interchanges, whose numbers are looked at and acknowledged. `records` is how many of a
-- document's records are theirs.
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

-- What partners said about what we sent. `interchange_id` is ours; none when nothing matches (an orphan).
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

-- Numbers we issue, without gap or reuse: taken in the transaction that stores the bytes that carry them.
-- `scope` is `sender>receiver` with qualifiers, whatever system they are sent through.
CREATE TABLE control_numbers (
    kind   text NOT NULL,
    last   bigint NOT NULL,
    scope  text NOT NULL,
    PRIMARY KEY (scope, kind)
);

-- A target's condition, shared by all workers. Nobody calls before `not_before`.
CREATE TABLE targets (
    target      text PRIMARY KEY,
    not_before  timestamptz NOT NULL DEFAULT '-infinity',
    failures    integer NOT NULL DEFAULT 0,
    paused      text NOT NULL DEFAULT '',
    changed_at  timestamptz NOT NULL DEFAULT now()
);

-- What each run counted, for the run's page and the console.
CREATE TABLE runs (
    run_id      text NOT NULL,
    name        text NOT NULL,
    started_at  timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz,
    totals      jsonb NOT NULL DEFAULT '{}',
    balanced    boolean,
    PRIMARY KEY (run_id, name)
);

-- One open alert per cause, however often it happens.
CREATE TABLE alerts (
    cause     text PRIMARY KEY,
    message   text NOT NULL,
    count     integer NOT NULL DEFAULT 1,
    first_at  timestamptz NOT NULL DEFAULT now(),
    last_at   timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz
);

-- Who may post returns to the intake API, and the answers they got.
CREATE TABLE api_clients (
    client      text PRIMARY KEY,
    key_sha256  text NOT NULL UNIQUE,
    entity      text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE api_requests (
    client           text NOT NULL REFERENCES api_clients,
    idempotency_key  text NOT NULL,
    body_sha256      text NOT NULL,
    status           integer,
    answer           jsonb,
    created_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (client, idempotency_key)
);

-- Whose number is whose, per reference (customer, site, …): one system's code for what we call `ours`.
-- Both ways are a function: a code means one of ours, and of the codes of one of ours one is sent.
CREATE TABLE cross_references (
    reference   text NOT NULL,
    system      text NOT NULL,
    code        text NOT NULL,
    ours        text NOT NULL,
    sent        boolean NOT NULL,
    note        text NOT NULL DEFAULT '',
    changed_at  timestamptz NOT NULL DEFAULT now(),
    changed_by  text NOT NULL,
    PRIMARY KEY (reference, system, code)
);
CREATE UNIQUE INDEX cross_references_sent ON cross_references (reference, system, ours) WHERE sent;
-- Counts the changes of each reference, so that a worker knows with one cheap query whether it is up to date.
CREATE TABLE cross_reference_versions (
    reference  text PRIMARY KEY,
    version    bigint NOT NULL DEFAULT 1
);

-- Who did what, append-only, each entry sealed with the hash of the one before it.
CREATE TABLE audit (
    seq         bigint PRIMARY KEY,
    at          timestamptz NOT NULL,
    actor       text NOT NULL,
    action      text NOT NULL,
    subject     text NOT NULL,
    detail      text NOT NULL,
    previous    text NOT NULL,
    hash        text NOT NULL
);
CREATE INDEX audit_subject ON audit (subject);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP;
END
$$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER facts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON facts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
