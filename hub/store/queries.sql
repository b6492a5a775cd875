-- Every statement the hub sends, by name. Lists arrive as columns through unnest, so that a batch of 500
-- rows is one round trip; %(name)b sends them in binary, which costs 2 microseconds an element where text,
-- with every quote of a JSON document escaped, costs hundreds.

-- store_payloads --
INSERT INTO payloads (sha256, media_type, size, body)
SELECT sha256, media_type, length(body), body
FROM unnest(%(sha256)b::text[], %(media_type)b::text[], %(body)b::bytea[]) AS new (sha256, media_type, body)
ON CONFLICT (sha256) DO NOTHING

-- payload --
SELECT sha256, media_type, size, body FROM payloads WHERE sha256 = %(sha256)s

-- store_documents --
-- A document read twice (a crash before it was released) is the same row; the caller gets new rows only.
INSERT INTO documents (id, flow, endpoint, source_key, sha256, attributes, run_id)
SELECT id, %(flow)s, %(endpoint)s, source_key, sha256, attributes::jsonb, %(run_id)s
FROM unnest(%(id)b::uuid[], %(source_key)b::text[], %(sha256)b::text[], %(attributes)b::text[])
     AS new (id, source_key, sha256, attributes)
ON CONFLICT (endpoint, source_key, sha256) DO NOTHING
RETURNING id

-- cursor --
SELECT position FROM cursors WHERE flow = %(flow)s

-- move_cursor --
INSERT INTO cursors (flow, position) VALUES (%(flow)s, %(position)s::jsonb)
ON CONFLICT (flow) DO UPDATE SET position = excluded.position, moved_at = now()

-- source_shape --
SELECT flow, shape, digest, learnt_at, pending, pending_since FROM source_shapes WHERE flow = %(flow)s

-- lock_source_shape --
-- The row, made when it is not there, and nobody else's until the end of the transaction.
INSERT INTO source_shapes (flow) VALUES (%(flow)s) ON CONFLICT (flow) DO UPDATE SET flow = excluded.flow
RETURNING flow, shape, digest, learnt_at, pending, pending_since

-- keep_source_shape --
UPDATE source_shapes SET shape = %(shape)s, digest = %(digest)s, pending = %(pending)s,
    learnt_at = CASE WHEN shape <> %(shape)s THEN now() ELSE learnt_at END,
    pending_since = CASE WHEN %(pending)s = '' THEN NULL ELSE coalesce(pending_since, now()) END
WHERE flow = %(flow)s

-- forget_source_shape --
DELETE FROM source_shapes WHERE flow = %(flow)s RETURNING flow

-- drift_waiting --
-- Documents that are halted, and open letters of records whose shape was not accepted, per flow.
SELECT flow, sum(halted)::int AS halted, sum(letters)::int AS letters FROM (
    SELECT flow, count(*) AS halted, 0 AS letters FROM documents WHERE state = 'halted' GROUP BY flow
    UNION ALL
    SELECT flow, 0, count(*) FROM dead_letters
    WHERE step = 'drift' AND kind = 'message' AND state IN ('open', 'parked') GROUP BY flow) AS waiting
GROUP BY flow

-- drift_letters --
SELECT id FROM dead_letters
WHERE flow = %(flow)s AND step = 'drift' AND kind = 'message' AND state IN ('open', 'parked')
ORDER BY created_at, id

-- claim_document --
-- The oldest open document of a flow; an expired lease means its worker is gone.
WITH due AS (
    SELECT id FROM documents
    WHERE flow = %(flow)s
      AND (state = 'waiting' OR (state = 'claimed' AND lease_until < now()))
      AND (%(document_id)s::uuid IS NULL OR id = %(document_id)s)
    ORDER BY received_at, id LIMIT 1
    FOR UPDATE SKIP LOCKED
)
UPDATE documents d SET state = 'claimed', fence = fence + 1, lease_until = now() + %(lease)s
FROM due, payloads p
WHERE d.id = due.id AND p.sha256 = d.sha256
RETURNING d.id, d.flow, d.endpoint, d.source_key, d.sha256, d.attributes, d.run_id, d.fence, d.progress,
          d.received_at, p.media_type, p.body

-- advance_document --
-- Settles a batch of a document's records; no row comes back when the lease was lost.
UPDATE documents SET progress = progress + %(settled)s, repeats = repeats + %(repeats)s,
    lease_until = now() + %(lease)s
WHERE id = %(id)s AND fence = %(fence)s AND state = 'claimed' AND progress = %(progress)s
RETURNING id

-- finish_document --
UPDATE documents SET state = %(state)s, records = progress, lease_until = NULL, settled_at = now()
WHERE id = %(id)s AND fence = %(fence)s AND state = 'claimed'
RETURNING id

-- release_document --
UPDATE documents SET state = 'waiting', lease_until = NULL
WHERE id = %(id)s AND fence = %(fence)s AND state = 'claimed'
RETURNING id

-- resume_documents --
UPDATE documents SET state = 'waiting', settled_at = NULL WHERE flow = %(flow)s AND state = 'halted'
RETURNING id

-- known_messages --
-- What is already known of these source keys: the same digest is a repeat, another one a revision.
SELECT m.id, m.source_key, m.digest, m.state, m.return_id, m.received_at
FROM messages m
WHERE m.endpoint = %(endpoint)s AND m.source_key = ANY(%(source_keys)b::text[]) AND m.state <> 'discarded'
ORDER BY m.received_at

-- admit_messages --
-- The ledger's decision: rows that come back are new, the others were admitted by somebody else meanwhile.
INSERT INTO messages (id, document_id, position, flow, endpoint, source_key, digest, state, return_id,
                      revises, mapping, retry_at)
SELECT id, %(document_id)s, position, %(flow)s, %(endpoint)s, source_key, digest, state, return_id,
       revises, mapping, retry_at
FROM unnest(%(id)b::uuid[], %(position)b::int[], %(source_key)b::text[], %(digest)b::text[],
            %(state)b::text[], %(return_id)b::uuid[], %(revises)b::uuid[], %(mapping)b::text[],
            %(retry_at)b::timestamptz[])
     AS new (id, position, source_key, digest, state, return_id, revises, mapping, retry_at)
ORDER BY source_key, digest
ON CONFLICT (endpoint, source_key, digest) WHERE state <> 'discarded' DO NOTHING
RETURNING id

-- count_repeats --
UPDATE messages m SET seen = seen + again.times, last_seen_at = now()
FROM (SELECT source_key, digest, count(*) AS times
      FROM unnest(%(source_key)b::text[], %(digest)b::text[]) AS r (source_key, digest)
      GROUP BY source_key, digest) AS again
WHERE m.endpoint = %(endpoint)s AND m.source_key = again.source_key AND m.digest = again.digest
  AND m.state <> 'discarded'

-- replayable --
-- What an intake flow has taken in, for comparing versions of its mapping: the newest, together by document.
WITH newest AS (
    SELECT id, document_id, position, source_key FROM messages
    WHERE flow = %(flow)s AND (%(since)s::timestamptz IS NULL OR received_at >= %(since)s::timestamptz)
    ORDER BY received_at DESC, id DESC LIMIT %(limit)s
)
SELECT n.document_id, n.position, n.source_key, d.sha256, d.attributes
FROM newest n JOIN documents d ON d.id = n.document_id
ORDER BY d.received_at DESC, n.document_id, n.position

-- resendable --
-- What a delivery flow has made of facts, for comparing versions of its mapping, newest first: all effects, or
-- those whose receipt is known. When the request was made tells which facts it was made from.
SELECT e.id, e.business_key, e.return_id, e.fact_id, e.mapping, e.receipt, e.request_sha256,
       p.stored_at AS request_at
FROM effects e LEFT JOIN payloads p ON p.sha256 = e.request_sha256
WHERE e.flow = %(flow)s AND e.fact_id IS NOT NULL AND e.return_id IS NOT NULL
  AND (%(since)s::timestamptz IS NULL OR e.created_at >= %(since)s::timestamptz)
  AND (NOT %(receipts)s OR e.receipt IS NOT NULL)
ORDER BY e.seq DESC LIMIT %(limit)s

-- claim_held --
-- Held messages whose time has come. Claiming sets the next time, doubled each time up to a limit: that is the
-- lease, and how long they wait when their system is still down.
WITH due AS (
    SELECT id FROM messages WHERE flow = %(flow)s AND state = 'held' AND retry_at <= now()
    ORDER BY retry_at LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE messages m SET holds = holds + 1,
        retry_at = now() + least(%(first)s::interval * power(2, least(holds, 20)), %(longest)s::interval)
    FROM due WHERE m.id = due.id
    RETURNING m.*
)
SELECT c.id, c.document_id, c.position, c.source_key, c.endpoint, c.revises, c.retry_at, d.sha256,
       d.attributes, p.body
FROM claimed c JOIN documents d ON d.id = c.document_id JOIN payloads p ON p.sha256 = d.sha256
ORDER BY c.document_id, c.position

-- message --
SELECT m.id, m.document_id, m.position, m.flow, m.source_key, m.endpoint, m.revises, m.retry_at, m.state,
       m.return_id, d.sha256, d.attributes, p.body, p.media_type
FROM messages m JOIN documents d ON d.id = m.document_id JOIN payloads p ON p.sha256 = d.sha256
WHERE m.id = %(id)s

-- lock_messages --
SELECT id, state FROM messages WHERE id = ANY(%(ids)b::uuid[]) ORDER BY id FOR UPDATE

-- document_by_key --
SELECT id FROM documents WHERE endpoint = %(endpoint)s AND source_key = %(source_key)s AND sha256 = %(sha256)s

-- messages_of_document --
-- A document's own messages, and where its content came before, the messages that its records repeat.
SELECT m.id AS message_id, m.state, m.return_id, l.id AS dead_letter_id
FROM messages m LEFT JOIN dead_letters l ON l.message_id = m.id AND l.state IN ('open', 'parked')
WHERE m.document_id = %(document_id)s
ORDER BY m.position

-- settle_messages --
UPDATE messages m SET state = new.state, return_id = new.return_id, mapping = new.mapping,
    retry_at = new.retry_at, settled_at = now()
FROM unnest(%(id)b::uuid[], %(state)b::text[], %(return_id)b::uuid[], %(mapping)b::text[],
            %(retry_at)b::timestamptz[]) AS new (id, state, return_id, mapping, retry_at)
WHERE m.id = new.id

-- name_message --
-- Gives a message, admitted under its digest because it had no key, the key that today's mapping finds.
UPDATE messages m SET source_key = %(source_key)s
WHERE m.id = %(id)s AND NOT EXISTS (
      SELECT 1 FROM messages other
      WHERE other.source_key = %(source_key)s AND other.endpoint = m.endpoint AND other.digest = m.digest
        AND other.state <> 'discarded')

-- begin_returns --
-- New returns, whole. Fewer rows than sent: somebody else has begun one of them meanwhile.
INSERT INTO returns (return_id, state, status, rma_number, entity)
SELECT id, state::json, status, rma_number, entity
FROM unnest(%(id)b::uuid[], %(state)b::text[], %(status)b::text[], %(rma_number)b::text[], %(entity)b::text[])
     AS new (id, state, status, rma_number, entity)
ORDER BY id
ON CONFLICT (return_id) DO NOTHING

-- lock_returns --
SELECT return_id FROM returns WHERE return_id = ANY(%(ids)b::uuid[]) ORDER BY return_id FOR UPDATE

-- facts_of --
SELECT id, return_id, type, version, source, occurred_at, recorded_at, entity, site, actor, actor_kind,
       correlation_id, causation_id, mapping, raw_sha256, corrects, data
FROM facts WHERE return_id = ANY(%(ids)b::uuid[]) ORDER BY seq

-- facts_of_messages --
SELECT message_id, id FROM facts WHERE message_id = ANY(%(message_ids)b::uuid[]) ORDER BY seq

-- record_facts --
-- Facts come as one JSON text: less work to make than 18 arrays.
INSERT INTO facts (id, return_id, type, version, source, occurred_at, recorded_at, entity, site, actor,
                   actor_kind, correlation_id, causation_id, mapping, raw_sha256, corrects, message_id, data)
SELECT id, return_id, type, version, source, occurred_at, recorded_at, entity, site, actor,
       actor_kind, correlation_id, causation_id, mapping, raw_sha256, corrects, message_id, data
FROM ROWS FROM (
    json_to_recordset(%(facts)s::json) AS (
        id uuid, return_id uuid, type text, version smallint, source text, occurred_at timestamptz,
        recorded_at timestamptz, entity text, site text, actor text, actor_kind text, correlation_id text,
        causation_id text, mapping text, raw_sha256 text, corrects uuid, data json),
    unnest(%(message_id)b::uuid[])
) WITH ORDINALITY AS new (id, return_id, type, version, source, occurred_at, recorded_at, entity, site,
     actor, actor_kind, correlation_id, causation_id, mapping, raw_sha256, corrects, data, message_id, nr)
ORDER BY nr

-- project_returns --
UPDATE returns r SET state = new.state::json, status = new.status, rma_number = new.rma_number,
    entity = new.entity, updated_at = now()
FROM unnest(%(id)b::uuid[], %(state)b::text[], %(status)b::text[], %(rma_number)b::text[], %(entity)b::text[])
     AS new (id, state, status, rma_number, entity)
WHERE r.return_id = new.id

-- store_keys --
INSERT INTO business_keys (value, kind, return_id)
SELECT value, kind, return_id
FROM unnest(%(value)b::text[], %(kind)b::text[], %(return_id)b::uuid[]) AS new (value, kind, return_id)
ON CONFLICT DO NOTHING

-- returns_by_key --
SELECT value, kind, return_id FROM business_keys WHERE value = ANY(%(values)b::text[])

-- return_states --
SELECT return_id, state FROM returns WHERE return_id = ANY(%(ids)b::uuid[])

-- all_returns --
SELECT return_id FROM returns WHERE return_id > %(after)s ORDER BY return_id LIMIT %(limit)s

-- enqueue_effects --
INSERT INTO effects (id, flow, target, operation, business_key, return_id, fact_id, document_id, commutes)
SELECT id, flow, target, operation, business_key, return_id, fact_id, document_id, commutes
FROM unnest(%(id)b::uuid[], %(flow)b::text[], %(target)b::text[], %(operation)b::text[],
            %(business_key)b::text[], %(return_id)b::uuid[], %(fact_id)b::uuid[], %(document_id)b::uuid[],
            %(commutes)b::bool[])
     WITH ORDINALITY AS new (id, flow, target, operation, business_key, return_id, fact_id, document_id,
                             commutes, nr)
ORDER BY nr
ON CONFLICT (target, operation, business_key) DO NOTHING
RETURNING target

-- claim_effects --
-- Lease and fence before any call. An effect waits while an earlier one of the same return and target is not
-- done; an expired claim is somebody's last act and counts as a kill.
WITH due AS (
    SELECT e.id, e.state AS was FROM effects e
    WHERE e.target = %(target)s
      AND ((e.state IN ('waiting', 'retry_at', 'in_doubt') AND e.not_before <= now())
           OR (e.state = 'claimed' AND e.lease_until < now()))
      AND (e.kills > 0 OR e.state = 'claimed') = %(suspect)s
      AND NOT EXISTS (SELECT 1 FROM targets t
                      WHERE t.target = e.target AND (t.not_before > now() OR t.paused <> ''))
      AND (e.return_id IS NULL OR e.commutes OR NOT EXISTS (
           SELECT 1 FROM effects earlier
           WHERE earlier.return_id = e.return_id AND earlier.target = e.target AND earlier.seq < e.seq
             AND earlier.state NOT IN ('confirmed', 'cancelled') AND NOT earlier.commutes))
    ORDER BY e.seq LIMIT %(limit)s
    FOR UPDATE OF e SKIP LOCKED
), claimed AS (
    UPDATE effects e SET state = 'claimed', fence = fence + 1, lease_until = now() + %(lease)s,
        attempts = attempts + 1, kills = kills + (due.was = 'claimed')::int
    FROM due WHERE e.id = due.id
    RETURNING e.*, due.was
), noted AS (
    INSERT INTO attempts (effect_id, fence, worker)
    SELECT id, fence, %(worker)s FROM claimed
)
SELECT c.*, p.body AS request FROM claimed c LEFT JOIN payloads p ON p.sha256 = c.request_sha256 ORDER BY c.seq

-- store_requests --
UPDATE effects e SET request_sha256 = new.sha256, request_type = new.media_type, mapping = new.mapping
FROM unnest(%(id)b::uuid[], %(sha256)b::text[], %(media_type)b::text[], %(mapping)b::text[])
     AS new (id, sha256, media_type, mapping)
WHERE e.id = new.id

-- settle_effects --
-- Writes outcomes; a worker whose lease was taken over (another fence) changes nothing and gets no row.
UPDATE effects e SET state = new.state, lease_until = NULL, reference = new.reference,
    receipt = coalesce(new.receipt::jsonb, e.receipt), not_before = now() + new.delay,
    attempts = e.attempts - new.unburnt,
    settled_at = CASE WHEN new.state IN ('confirmed', 'refused', 'parked', 'cancelled') THEN now() END
FROM unnest(%(id)b::uuid[], %(fence)b::bigint[], %(state)b::text[], %(reference)b::text[],
            %(receipt)b::text[], %(delay)b::interval[], %(unburnt)b::int[])
     AS new (id, fence, state, reference, receipt, delay, unburnt)
WHERE e.id = new.id AND e.fence = new.fence AND e.state = 'claimed'
RETURNING e.id

-- end_attempts --
UPDATE attempts a SET ended_at = now(), outcome = new.outcome, class = new.class, code = new.code,
    message = new.message, request = new.request, response = new.response,
    response_sha256 = new.response_sha256
FROM unnest(%(id)b::uuid[], %(fence)b::bigint[], %(outcome)b::text[], %(class)b::text[], %(code)b::text[],
            %(message)b::text[], %(request)b::text[], %(response)b::text[], %(response_sha256)b::text[])
     AS new (id, fence, outcome, class, code, message, request, response, response_sha256)
WHERE a.effect_id = new.id AND a.fence = new.fence

-- effect --
SELECT * FROM effects WHERE id = %(id)s

-- reopen_effect --
-- A replayed effect starts over. Its fence stays, so that a target that can be asked is asked before a repeat.
UPDATE effects SET state = 'waiting', not_before = now(), attempts = 0, kills = 0, settled_at = NULL,
    request_sha256 = CASE WHEN %(remap)s THEN NULL ELSE request_sha256 END
WHERE id = %(id)s AND state IN ('refused', 'parked')
RETURNING target

-- cancel_effect --
UPDATE effects SET state = 'cancelled', settled_at = now() WHERE id = %(id)s AND state IN ('refused', 'parked')

-- discard_message --
UPDATE messages SET state = 'discarded', settled_at = now() WHERE id = %(id)s AND state IN ('dead', 'parked')

-- next_due --
-- When a target has something to do next; no row when nothing is open.
SELECT min(greatest(CASE WHEN e.state = 'claimed' THEN e.lease_until ELSE e.not_before END,
                    coalesce(t.not_before, '-infinity'))) AS due
FROM effects e LEFT JOIN targets t ON t.target = e.target
WHERE e.target = %(target)s AND e.state IN ('waiting', 'claimed', 'retry_at', 'in_doubt')
  AND coalesce(t.paused, '') = ''
  AND (e.return_id IS NULL OR e.commutes OR NOT EXISTS (
       SELECT 1 FROM effects earlier
       WHERE earlier.return_id = e.return_id AND earlier.target = e.target AND earlier.seq < e.seq
         AND earlier.state NOT IN ('confirmed', 'cancelled') AND NOT earlier.commutes))
HAVING count(*) > 0

-- target_failed --
INSERT INTO targets (target, not_before, failures) VALUES (%(target)s, now() + %(delay)s, 1)
ON CONFLICT (target) DO UPDATE SET failures = targets.failures + 1, changed_at = now(),
    not_before = greatest(targets.not_before, now() + %(delay)s)
RETURNING failures

-- target_worked --
UPDATE targets SET failures = 0, changed_at = now() WHERE target = %(target)s AND failures > 0

-- pause_target --
INSERT INTO targets (target, paused) VALUES (%(target)s, %(reason)s)
ON CONFLICT (target) DO UPDATE SET paused = excluded.paused, changed_at = now()

-- resume_target --
UPDATE targets SET paused = '', failures = 0, not_before = '-infinity', changed_at = now()
WHERE target = %(target)s AND paused <> ''
RETURNING target

-- raise_alert --
INSERT INTO alerts (cause, message) VALUES (%(cause)s, %(message)s)
ON CONFLICT (cause) DO UPDATE SET count = CASE WHEN alerts.closed_at IS NULL THEN alerts.count + 1 ELSE 1 END,
    first_at = CASE WHEN alerts.closed_at IS NULL THEN alerts.first_at ELSE now() END,
    message = excluded.message, last_at = now(), closed_at = NULL

-- close_alert --
UPDATE alerts SET closed_at = now() WHERE cause = %(cause)s AND closed_at IS NULL
RETURNING cause

-- write_dead_letters --
INSERT INTO dead_letters (id, kind, message_id, effect_id, document_id, return_id, flow, target, run_id, class,
                          step, code, path, fingerprint, summary, errors, tree_sha256, mapping, state, replays)
SELECT id, kind, message_id, effect_id, document_id, return_id, flow, target, run_id, class,
       step, code, path, fingerprint, summary, errors::jsonb, tree_sha256, mapping, state, replays
FROM unnest(%(id)b::uuid[], %(kind)b::text[], %(message_id)b::uuid[], %(effect_id)b::uuid[],
            %(document_id)b::uuid[], %(return_id)b::uuid[], %(flow)b::text[], %(target)b::text[],
            %(run_id)b::text[], %(class)b::text[], %(step)b::text[], %(code)b::text[], %(path)b::text[],
            %(fingerprint)b::text[], %(summary)b::text[], %(errors)b::text[], %(tree_sha256)b::text[],
            %(mapping)b::text[], %(state)b::text[], %(replays)b::int[])
     AS new (id, kind, message_id, effect_id, document_id, return_id, flow, target, run_id, class,
             step, code, path, fingerprint, summary, errors, tree_sha256, mapping, state, replays)

-- dead_letter --
SELECT l.*, d.source_key AS document_key FROM dead_letters l LEFT JOIN documents d ON d.id = l.document_id
WHERE l.id = %(id)s

-- dead_letters --
SELECT l.*, d.source_key AS document_key FROM dead_letters l LEFT JOIN documents d ON d.id = l.document_id
WHERE (%(state)s = '' OR l.state = %(state)s OR (%(state)s = 'waiting' AND l.state IN ('open', 'parked')))
  AND (%(run_id)s = '' OR l.run_id = %(run_id)s)
  AND (%(flow)s = '' OR l.flow = %(flow)s OR l.target = %(flow)s)
ORDER BY l.created_at DESC, l.id DESC LIMIT %(limit)s

-- dead_letters_called --
-- By the beginning or the end of an id, as people shorten it.
SELECT id FROM dead_letters WHERE starts_with(id::text, %(part)s) OR right(id::text, length(%(part)s)) = %(part)s
ORDER BY id LIMIT 5

-- dead_letters_to_replay --
SELECT id FROM dead_letters
WHERE state IN ('open', 'parked') AND (%(flow)s = '' OR flow = %(flow)s OR target = %(flow)s)
  AND (%(cause)s = '' OR code = %(cause)s OR fingerprint = %(cause)s)
ORDER BY created_at, id

-- settle_dead_letter --
UPDATE dead_letters SET state = %(state)s, settled_at = now(), settled_by = %(actor)s, note = %(note)s
WHERE id = %(id)s AND state IN ('open', 'parked')
RETURNING id

-- resolve_dead_letters --
-- A later success closes what was open for the same effect.
UPDATE dead_letters SET state = 'resolved', settled_at = now(), settled_by = 'hub'
WHERE effect_id = ANY(%(effect_ids)b::uuid[]) AND state IN ('open', 'parked')

-- replayed_before --
SELECT coalesce(message_id, effect_id) AS subject, max(replays) AS replays FROM dead_letters
WHERE state = 'replayed' AND (message_id = ANY(%(ids)b::uuid[]) OR effect_id = ANY(%(ids)b::uuid[]))
GROUP BY 1

-- lock_partner --
-- Interchanges of one partner are compared one document after the other.
SELECT pg_advisory_xact_lock(7269, hashtext(%(partner)s))

-- interchanges_of --
-- What was found about the interchanges of a document, with their groups in order.
SELECT i.id, i.position, i.sender, i.receiver, i.control, i.state, g.position AS group_position, g.records,
       g.state AS group_state, first.document_id AS repeated
FROM interchanges i LEFT JOIN interchange_groups g ON g.interchange_id = i.id
LEFT JOIN interchanges first ON first.id = i.repeats
WHERE i.document_id = %(document_id)s AND i.direction = 'in'
ORDER BY i.position, g.position

-- interchanges_before --
-- Earlier interchanges of a partner with one of these numbers that were taken, oldest first.
SELECT id, document_id, control, digest, at FROM interchanges
WHERE system = %(system)s AND direction = 'in' AND sender = %(sender)s AND receiver = %(receiver)s
  AND control = %(control)s AND state = 'received' AND at > now() - %(window)s::interval
  AND (document_id, position) <> (%(document_id)s::uuid, %(position)s)
ORDER BY at, id LIMIT 1

-- groups_before --
-- Numbers of groups that another interchange of this partner had.
SELECT DISTINCT g.functional, g.control FROM interchange_groups g JOIN interchanges i ON i.id = g.interchange_id
WHERE i.system = %(system)s AND i.direction = 'in' AND i.sender = %(sender)s AND i.receiver = %(receiver)s
  AND g.control = ANY(%(controls)b::text[]) AND i.state = 'received' AND g.state <> 'control_reused'
  AND i.at > now() - %(window)s::interval AND (i.document_id, i.position) <> (%(document_id)s::uuid, %(position)s)

-- last_interchange --
-- The newest interchange of a partner that was taken before this one.
SELECT control FROM interchanges
WHERE system = %(system)s AND direction = 'in' AND sender = %(sender)s AND receiver = %(receiver)s
  AND state = 'received' AND at > now() - %(window)s::interval
  AND (document_id, position) <> (%(document_id)s::uuid, %(position)s)
ORDER BY id DESC LIMIT 1

-- record_interchange --
INSERT INTO interchanges (direction, system, sender, receiver, control, version, sets, document_id, effect_id,
                          position, digest, state, repeats)
VALUES (%(direction)s, %(system)s, %(sender)s, %(receiver)s, %(control)s, %(version)s, %(sets)s,
        %(document_id)s, %(effect_id)s, %(position)s, %(digest)s, %(state)s, %(repeats)s)
ON CONFLICT DO NOTHING
RETURNING id

-- record_groups --
INSERT INTO interchange_groups (interchange_id, position, functional, control, version, records, state)
SELECT %(interchange_id)s, position, functional, control, version, records, state
FROM unnest(%(position)b::int[], %(functional)b::text[], %(control)b::text[], %(version)b::text[],
            %(records)b::int[], %(state)b::text[]) AS new (position, functional, control, version, records, state)
ON CONFLICT DO NOTHING

-- live_digests --
-- Which of these contents a document brought that are still there in some form.
SELECT DISTINCT digest FROM messages
WHERE document_id = %(document_id)s AND digest = ANY(%(digests)b::text[]) AND state <> 'discarded'

-- start_ack_clocks --
-- What was written and has now arrived: waits for its acknowledgement, where one is expected. What acknowledges
-- is never acknowledged.
UPDATE interchanges SET
    state = CASE WHEN %(within)s::interval IS NULL OR sets IN ('TA1', '997', '999', 'CONTRL') THEN 'sent'
                 ELSE 'awaiting' END,
    ack_due = CASE WHEN sets NOT IN ('TA1', '997', '999', 'CONTRL') THEN now() + %(within)s::interval END
WHERE effect_id = ANY(%(effects)b::uuid[]) AND state = 'composed'

-- forget_composed --
-- A document that is made anew leaves a number behind that was never sent.
UPDATE interchanges SET state = 'sent' WHERE effect_id = %(effect_id)s AND state = 'composed'

-- ack_clocks_out --
UPDATE interchanges SET state = 'missing'
WHERE id IN (SELECT id FROM interchanges WHERE state = 'awaiting' AND ack_due < now()
             ORDER BY id FOR UPDATE SKIP LOCKED)
RETURNING id, system, sender, receiver, control, sets, effect_id, ack_due

-- acknowledged_by_interchange --
-- The interchange of ours that an acknowledgement names by its own number. X12 writes nine digits, EDIFACT as many
-- as the number has; partners repeat it with more or fewer zeros before it.
SELECT i.* FROM interchanges i
WHERE i.system = ANY(%(systems)b::text[]) AND i.direction = 'out' AND i.sender = %(sender)s
  AND i.receiver = %(receiver)s
  AND i.control IN (ltrim(%(control)s, '0'), lpad(ltrim(%(control)s, '0'), greatest(9, length(%(control)s)), '0'))
  AND i.at > now() - interval '365 days'
ORDER BY i.id DESC LIMIT 1 FOR UPDATE

-- acknowledged_by_group --
-- The interchange of ours that an acknowledgement names by the number of its group, which we write without zeros.
SELECT i.* FROM interchanges i JOIN interchange_groups g ON g.interchange_id = i.id
WHERE i.system = ANY(%(systems)b::text[]) AND i.direction = 'out' AND i.sender = %(sender)s
  AND i.receiver = %(receiver)s AND g.control = ltrim(%(control)s, '0')
  AND (%(functional)s = '' OR g.functional = '' OR g.functional = %(functional)s)
  AND i.at > now() - interval '365 days'
ORDER BY i.id DESC LIMIT 1 FOR UPDATE OF i

-- record_acknowledgement --
-- No row comes back when this one was entered before.
INSERT INTO acknowledgements (system, kind, sender, receiver, about, interchange_id, verdict, outcome, document_id,
                              position, detail)
VALUES (%(system)s, %(kind)s, %(sender)s, %(receiver)s, %(about)s, %(interchange_id)s, %(verdict)s, %(outcome)s,
        %(document_id)s, %(position)s, %(detail)s::jsonb)
ON CONFLICT (document_id, position) DO NOTHING
RETURNING id

-- same_acknowledgements --
SELECT id FROM acknowledgements
WHERE interchange_id = %(interchange_id)s AND kind = %(kind)s AND verdict = %(verdict)s LIMIT 1

-- move_interchange --
UPDATE interchanges SET state = %(state)s, ack_at = coalesce(ack_at, now()) WHERE id = %(id)s

-- refuse_delivered_effect --
-- It arrived, and the partner sent it back, perhaps before its delivery was settled here.
UPDATE effects SET state = 'refused', lease_until = NULL, settled_at = now()
WHERE id = %(id)s AND state IN ('confirmed', 'claimed', 'in_doubt', 'retry_at')
RETURNING *

-- list_interchanges --
-- `open`: those that a partner has still to acknowledge, or whose dead letters nobody has settled.
SELECT i.id, i.direction, i.system, i.sender, i.receiver, i.control, i.version, i.sets, i.state, i.at, i.ack_due,
       i.ack_at, i.document_id, i.effect_id, d.source_key AS document_key, e.operation, e.business_key, e.return_id,
       (SELECT jsonb_agg(jsonb_build_object('kind', a.kind, 'verdict', a.verdict, 'outcome', a.outcome, 'at', a.at)
                         ORDER BY a.id)
        FROM acknowledgements a WHERE a.interchange_id = i.id) AS acknowledgements
FROM interchanges i LEFT JOIN documents d ON d.id = i.document_id LEFT JOIN effects e ON e.id = i.effect_id
WHERE (%(system)s = '' OR i.system = %(system)s)
  AND (NOT %(open)s OR i.state IN ('control_reused', 'unknown_partner', 'wrong_usage', 'awaiting', 'missing',
                                   'partially_accepted', 'rejected')
       AND (i.state IN ('awaiting', 'missing')
            OR i.document_id IN (SELECT l.document_id FROM dead_letters l
                                 WHERE l.state IN ('open', 'parked') AND l.step = 'envelope')
            OR i.effect_id IN (SELECT l.effect_id FROM dead_letters l
                               WHERE l.state IN ('open', 'parked') AND l.step = 'acknowledgement')))
ORDER BY i.id DESC LIMIT %(limit)s

-- list_acknowledgements --
SELECT id, system, kind, sender, receiver, about, interchange_id, verdict, outcome, document_id, detail, at
FROM acknowledgements WHERE (%(system)s = '' OR system = %(system)s) ORDER BY id DESC LIMIT %(limit)s

-- trace_interchanges --
SELECT i.effect_id, i.control, i.sets, i.state, i.at, i.ack_due, i.ack_at FROM interchanges i
JOIN effects e ON e.id = i.effect_id WHERE e.return_id = %(return_id)s ORDER BY i.id

-- take_control_numbers --
-- The first of `count` fresh numbers; the row lock makes takers queue, a rollback gives them back. Numbers that
-- were issued per system (`legacy`) go on from there.
INSERT INTO control_numbers (scope, kind, last)
SELECT %(scope)s, %(kind)s, %(count)s + coalesce(max(old.last), 0) FROM control_numbers old
WHERE old.scope = ANY(%(legacy)b::text[]) AND old.kind = %(kind)s
ON CONFLICT (scope, kind) DO UPDATE SET last = control_numbers.last + %(count)s
RETURNING last - %(count)s + 1 AS first

-- end_run --
INSERT INTO runs (run_id, name, ended_at, totals, balanced)
VALUES (%(run_id)s, %(name)s, now(), %(totals)s::jsonb, %(balanced)s)
ON CONFLICT (run_id, name) DO UPDATE SET ended_at = now(), totals = excluded.totals, balanced = excluded.balanced

-- flow_documents --
SELECT state, count(*) AS documents, coalesce(sum(progress), 0) AS received, coalesce(sum(repeats), 0) AS repeats
FROM documents WHERE flow = %(flow)s GROUP BY state

-- flow_messages --
SELECT state, count(*) AS messages FROM messages WHERE flow = %(flow)s GROUP BY state

-- flow_dead_letters --
-- Open letters per flow, and how many belong to documents that one run read.
SELECT count(*) AS open, count(*) FILTER (WHERE run_id = %(run_id)s) AS of_run
FROM dead_letters WHERE flow = %(flow)s AND kind = 'message' AND state IN ('open', 'parked')

-- messages_without_letter --
SELECT count(*) AS lost FROM messages m
WHERE m.flow = %(flow)s AND m.state IN ('dead', 'parked') AND NOT EXISTS (
      SELECT 1 FROM dead_letters l WHERE l.message_id = m.id AND l.state IN ('open', 'parked'))

-- messages_without_fact --
SELECT count(*) AS lost FROM messages m
WHERE m.flow = %(flow)s AND m.state IN ('admitted', 'revision') AND NOT EXISTS (
      SELECT 1 FROM facts f WHERE f.return_id = m.return_id AND f.message_id = m.id)

-- messages_without_acknowledgement --
SELECT count(*) AS lost FROM messages m
WHERE m.flow = %(flow)s AND m.state = 'noted' AND NOT EXISTS (
      SELECT 1 FROM acknowledgements a WHERE a.document_id = m.document_id)

-- target_effects --
SELECT operation, state, count(*) AS effects FROM effects WHERE target = %(target)s GROUP BY operation, state

-- effects_without_letter --
SELECT count(*) AS lost FROM effects e
WHERE e.target = %(target)s AND e.state IN ('refused', 'parked') AND NOT EXISTS (
      SELECT 1 FROM dead_letters l WHERE l.effect_id = e.id AND l.state IN ('open', 'parked'))

-- effects_without_fact --
-- Confirmed effects of flows that state a fact, whose fact is not there.
SELECT count(*) AS lost FROM effects e
WHERE e.target = %(target)s AND e.state = 'confirmed' AND e.flow = ANY(%(stating)b::text[]) AND NOT EXISTS (
      SELECT 1 FROM facts f WHERE f.return_id = e.return_id AND f.causation_id = e.id::text)

-- target_dead_letters --
SELECT count(*) AS open FROM dead_letters WHERE target = %(target)s AND state IN ('open', 'parked')

-- summary_messages --
SELECT flow, state, count(*) AS messages FROM messages GROUP BY flow, state

-- summary_documents --
SELECT flow, count(*) AS documents, sum(progress) AS received, sum(repeats) AS repeats,
       count(*) FILTER (WHERE state <> 'done') AS waiting
FROM documents GROUP BY flow

-- summary_effects --
SELECT target, operation, state, count(*) AS effects, sum(attempts) AS attempts FROM effects
GROUP BY target, operation, state

-- summary_dead_letters --
SELECT flow, target, class, step, code, state, count(*) AS letters,
       count(DISTINCT (path, regexp_replace(coalesce(errors -> 0 ->> 'message', summary), 'found .*', 'found'))) AS kinds,
       (array_agg(summary ORDER BY created_at, id))[1] AS summary
FROM dead_letters
GROUP BY flow, target, class, step, code, state

-- summary_returns --
SELECT status, count(*) AS returns FROM returns GROUP BY status

-- lock_audit --
SELECT pg_advisory_xact_lock(7268)

-- last_audit --
SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1

-- append_audit --
INSERT INTO audit (seq, at, actor, action, subject, detail, previous, hash)
SELECT * FROM unnest(%(seq)b::bigint[], %(at)b::timestamptz[], %(actor)b::text[], %(action)b::text[],
                     %(subject)b::text[], %(detail)b::text[], %(previous)b::text[], %(hash)b::text[])

-- audit_entries --
SELECT * FROM audit WHERE seq > %(after)s ORDER BY seq LIMIT %(limit)s

-- audit_of --
SELECT * FROM audit WHERE subject = ANY(%(subjects)b::text[]) ORDER BY seq

-- trace_return --
SELECT * FROM returns WHERE return_id = %(return_id)s

-- trace_messages --
SELECT m.*, d.source_key AS document_key, d.sha256, d.attributes, d.run_id FROM messages m
JOIN documents d ON d.id = m.document_id WHERE m.return_id = %(return_id)s ORDER BY m.received_at

-- trace_effects --
SELECT * FROM effects WHERE return_id = %(return_id)s ORDER BY seq

-- trace_attempts --
SELECT a.* FROM attempts a JOIN effects e ON e.id = a.effect_id WHERE e.return_id = %(return_id)s
ORDER BY a.started_at

-- trace_dead_letters --
SELECT * FROM dead_letters WHERE return_id = %(return_id)s ORDER BY created_at

-- find_messages --
-- Messages by what a person types: the source's own key, or a control number of their interchange.
SELECT m.id, m.return_id, m.source_key, m.state, m.flow, d.source_key AS document_key, l.id AS dead_letter_id,
       l.summary AS reason
FROM messages m JOIN documents d ON d.id = m.document_id
LEFT JOIN dead_letters l ON l.message_id = m.id AND l.state IN ('open', 'parked')
WHERE m.source_key = %(value)s OR substring(m.source_key FROM '[^/]*$') = %(value)s
   OR m.document_id IN (SELECT document_id FROM interchanges WHERE control = %(value)s AND direction = 'in')
ORDER BY m.received_at LIMIT 500

-- find_letters --
-- Messages without a return whose open dead letter names what a person types.
SELECT m.id, m.return_id, m.source_key, m.state, m.flow, d.source_key AS document_key, l.id AS dead_letter_id,
       l.summary AS reason, l.errors
FROM dead_letters l JOIN messages m ON m.id = l.message_id JOIN documents d ON d.id = m.document_id
WHERE l.state IN ('open', 'parked') AND m.return_id IS NULL AND strpos(l.errors::text, %(value)s) > 0
ORDER BY l.created_at LIMIT 500

-- facts_by_id --
SELECT id, return_id, type, version, source, occurred_at, recorded_at, entity, site, actor, actor_kind,
       correlation_id, causation_id, mapping, raw_sha256, corrects, data
FROM facts WHERE id = ANY(%(ids)b::uuid[])

-- api_add_client --
-- api: clients, requests and what a client may see. A client's name is in the attributes of its documents.
INSERT INTO api_clients (client, key_sha256, entity) VALUES (%(client)s, %(key_sha256)s, %(entity)s)
ON CONFLICT (client) DO UPDATE SET key_sha256 = excluded.key_sha256, entity = excluded.entity

-- api_client_of_key --
SELECT client, entity FROM api_clients WHERE key_sha256 = %(key_sha256)s

-- api_claim_request --
-- Nobody's key, or one whose claimer went away without an answer; no row when it is somebody's.
INSERT INTO api_requests (client, idempotency_key, body_sha256)
VALUES (%(client)s, %(key)s, %(body_sha256)s)
ON CONFLICT (client, idempotency_key) DO UPDATE SET created_at = now()
WHERE api_requests.status IS NULL AND api_requests.body_sha256 = excluded.body_sha256
  AND api_requests.created_at < now() - %(lease)s::interval
RETURNING created_at

-- api_request --
SELECT body_sha256, status, answer FROM api_requests WHERE client = %(client)s AND idempotency_key = %(key)s

-- api_answer_request --
UPDATE api_requests SET status = %(status)s, answer = %(answer)s::jsonb
WHERE client = %(client)s AND idempotency_key = %(key)s AND status IS NULL
RETURNING status, answer

-- api_release_request --
DELETE FROM api_requests
WHERE client = %(client)s AND idempotency_key = %(key)s AND status IS NULL AND created_at = %(at)s

-- api_return --
SELECT status, rma_number, state -> 'decision' AS decision FROM returns WHERE return_id = %(return_id)s

-- api_messages_of_return --
SELECT m.state, m.source_key AS reference FROM messages m JOIN documents d ON d.id = m.document_id
WHERE m.return_id = %(return_id)s AND d.attributes ->> 'client' = %(client)s
ORDER BY m.received_at

-- api_messages_of_reference --
SELECT m.id AS message_id, m.state, m.return_id, l.id AS dead_letter_id
FROM messages m
LEFT JOIN dead_letters l ON l.message_id = m.id AND l.state IN ('open', 'parked')
WHERE m.endpoint = %(endpoint)s AND m.source_key = %(source_key)s AND m.state <> 'discarded'
ORDER BY m.received_at

-- console_alerts --
-- console: what the ops pages read beyond `trace_…` and `summary_…`.
SELECT * FROM alerts WHERE closed_at IS NULL ORDER BY last_at DESC LIMIT 50

-- console_recent_returns --
-- The newest of each status from its index, and of these the newest.
SELECT r.* FROM unnest(%(statuses)b::text[]) AS wanted (status), LATERAL (
    SELECT return_id, status, rma_number, entity, updated_at, state -> 'origin' AS origin,
           state -> 'parties' AS parties
    FROM returns WHERE returns.status = wanted.status ORDER BY updated_at DESC LIMIT %(limit)s) AS r
ORDER BY r.updated_at DESC LIMIT %(limit)s

-- console_returns --
SELECT return_id, status, rma_number, entity, updated_at, state -> 'origin' AS origin, state -> 'parties' AS parties
FROM returns WHERE return_id = ANY(%(ids)b::uuid[]) ORDER BY updated_at DESC LIMIT %(limit)s

-- console_letter_groups --
-- `kinds` counts different first errors, whatever was found; `summary` is the oldest letter's, so that it stays.
SELECT fingerprint, min(flow) AS flow, min(target) AS target, min(class) AS class, min(step) AS step,
       min(code) AS code, min(path) AS path, count(*) AS letters, max(created_at) AS newest,
       count(DISTINCT regexp_replace(coalesce(errors -> 0 ->> 'message', summary), 'found .*', 'found')) AS kinds,
       (array_agg(summary ORDER BY created_at, id))[1] AS summary,
       (array_agg(errors -> 0 ORDER BY created_at, id))[1] AS error
FROM dead_letters
WHERE state = ANY(%(states)b::text[]) AND (%(run)s = '' OR run_id = %(run)s)
  AND (%(flow)s = '' OR flow = %(flow)s OR target = %(flow)s)
GROUP BY fingerprint ORDER BY letters DESC, newest DESC LIMIT %(limit)s

-- console_letters --
-- A page of letters, newest first, from before a letter on (the last one of the page above).
SELECT id, kind, state, flow, target, run_id, return_id, class, step, code, path, fingerprint, summary, replays,
       created_at, settled_at, settled_by
FROM dead_letters
WHERE state = ANY(%(states)b::text[]) AND (%(run)s = '' OR run_id = %(run)s)
  AND (%(flow)s = '' OR flow = %(flow)s OR target = %(flow)s)
  AND (%(fingerprint)s = '' OR fingerprint = %(fingerprint)s)
  AND (%(before)s::uuid IS NULL
       OR (created_at, id) < (SELECT created_at, id FROM dead_letters WHERE id = %(before)s::uuid))
ORDER BY created_at DESC, id DESC LIMIT %(limit)s

-- console_letters_of --
-- All letters of some messages or effects, oldest first.
SELECT id, kind, message_id, effect_id, state, summary, replays, created_at FROM dead_letters
WHERE message_id = ANY(%(ids)b::uuid[]) OR effect_id = ANY(%(ids)b::uuid[])
ORDER BY created_at

-- console_attempts --
SELECT * FROM attempts WHERE effect_id = %(effect_id)s ORDER BY started_at

-- console_effects_by_number --
-- Effects by our business key or the partner's number; targets and operations let the first use its index.
SELECT id, return_id, target, operation, business_key, reference, state FROM effects
WHERE target = ANY(%(targets)b::text[]) AND operation = ANY(%(operations)b::text[])
  AND business_key = ANY(%(values)b::text[])
UNION
SELECT e.id, e.return_id, e.target, e.operation, e.business_key, e.reference, e.state
FROM effects e JOIN interchanges i ON i.effect_id = e.id
WHERE i.control = ANY(%(values)b::text[]) AND i.direction = 'out'
LIMIT %(limit)s

-- console_owner --
-- What an id of ours is, for links out of logs.
SELECT 'return' AS kind, return_id AS id FROM returns WHERE return_id = %(id)s
UNION ALL SELECT 'letter', id FROM dead_letters WHERE id = %(id)s
UNION ALL SELECT 'return', return_id FROM messages WHERE id = %(id)s AND return_id IS NOT NULL
UNION ALL SELECT 'letter', l.id FROM dead_letters l JOIN messages m ON m.id = l.message_id
          WHERE m.id = %(id)s AND m.return_id IS NULL
UNION ALL SELECT 'return', return_id FROM effects WHERE id = %(id)s AND return_id IS NOT NULL
UNION ALL SELECT 'return', return_id FROM facts WHERE id = %(id)s
LIMIT 1

-- console_targets --
SELECT target, paused, failures, CASE WHEN not_before > now() THEN not_before END AS not_before FROM targets

-- payload_exists --
SELECT sha256 FROM payloads WHERE sha256 = %(sha256)s

-- cross_reference_versions --
-- crossrefs: numbers of ours and of other systems.
SELECT reference, version FROM cross_reference_versions WHERE reference = ANY(%(references)b::text[])

-- bump_cross_reference --
-- Also the lock under which a reference is changed.
INSERT INTO cross_reference_versions (reference) VALUES (%(reference)s)
ON CONFLICT (reference) DO UPDATE SET version = cross_reference_versions.version + 1
RETURNING version

-- cross_reference_rows --
SELECT system, code, ours, sent, note, changed_at, changed_by FROM cross_references
WHERE reference = %(reference)s ORDER BY ours, system, sent DESC, code

-- cross_reference_summary --
SELECT reference, count(*) AS rows, count(DISTINCT ours) AS ours,
       array_agg(DISTINCT system ORDER BY system) AS systems, max(changed_at) AS changed_at
FROM cross_references GROUP BY reference ORDER BY reference

-- unsend_cross_references --
-- Before new marks are written: at no moment two codes are sent for one of ours.
UPDATE cross_references r SET sent = false
FROM unnest(%(system)b::text[], %(code)b::text[]) AS changed (system, code)
WHERE r.reference = %(reference)s AND r.system = changed.system AND r.code = changed.code AND r.sent

-- remove_cross_references --
DELETE FROM cross_references r
USING unnest(%(system)b::text[], %(code)b::text[]) AS gone (system, code)
WHERE r.reference = %(reference)s AND r.system = gone.system AND r.code = gone.code

-- put_cross_references --
INSERT INTO cross_references (reference, system, code, ours, sent, note, changed_by)
SELECT %(reference)s, system, code, ours, sent, note, %(actor)s
FROM unnest(%(system)b::text[], %(code)b::text[], %(ours)b::text[], %(sent)b::boolean[], %(note)b::text[])
     AS new (system, code, ours, sent, note)
ON CONFLICT (reference, system, code) DO UPDATE SET
    ours = excluded.ours, sent = excluded.sent, note = excluded.note, changed_at = now(),
    changed_by = excluded.changed_by
