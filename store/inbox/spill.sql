-- name: insert_spill(id, received_at, event, idempotency_key, version, body, most_bytes)
-- Accepted deliveries that Redis does not take; nothing once the table is as large as it may be. :most_bytes the most
-- bytes
INSERT INTO spill (id, received_at, event, idempotency_key, version, body)
SELECT v.*
FROM unnest(:id::uuid[], :received_at::timestamptz[], :event::text[], :idempotency_key::text[], :version::text[],
    :body::bytea[])
    AS v (id, received_at, event, idempotency_key, version, body)
WHERE pg_total_relation_size('spill') < :most_bytes::bigint
ON CONFLICT (received_at, id) DO NOTHING


-- name: spill_is_ours
-- One worker at a time empties the spill; whoever dies with the lock loses it, whoever hangs with it soon.
SELECT pg_try_advisory_xact_lock(7209319) AS ours, set_config('idle_in_transaction_session_timeout', '15s', true)


-- name: take_spill(count, alone_from, most_bytes)
-- Take the oldest spilled deliveries and count the attempt. One with :alone_from or more attempts is taken alone, after
-- the others. :most_bytes of bodies at most; the first delivery is taken whatever its size
WITH head AS (
    SELECT received_at, id, attempts, octet_length(body) AS bytes FROM spill ORDER BY received_at, id LIMIT :count
), calm AS (
    SELECT received_at, id, sum(bytes) OVER (ORDER BY received_at, id) AS bytes_so_far,
           row_number() OVER (ORDER BY received_at, id) AS place
    FROM head WHERE attempts < :alone_from
), taken AS (
    SELECT received_at, id FROM calm WHERE place = 1 OR bytes_so_far <= :most_bytes
    UNION ALL
    (SELECT received_at, id FROM head
     WHERE NOT EXISTS (SELECT FROM calm)
     ORDER BY received_at, id LIMIT 1)
)
UPDATE spill AS s SET attempts = s.attempts + 1
FROM taken AS t
WHERE s.received_at = t.received_at AND s.id = t.id
RETURNING s.id, s.received_at, s.event, s.idempotency_key, s.version, s.body, s.attempts


-- name: delete_spill(received_at, id)
DELETE FROM spill AS s USING unnest(:received_at::timestamptz[], :id::uuid[]) AS v (received_at, id)
WHERE s.received_at = v.received_at AND s.id = v.id


-- name: give_back_spill(received_at, id)
-- The attempt failed without a crash: take it back, since only crashes count.
UPDATE spill AS s SET attempts = greatest(s.attempts - 1, 0)
FROM unnest(:received_at::timestamptz[], :id::uuid[]) AS v (received_at, id)
WHERE s.received_at = v.received_at AND s.id = v.id


-- name: spilled
-- What waits in the spill.
SELECT count(*) AS deliveries, coalesce(extract(epoch FROM now() - min(received_at)), 0)::float8 AS oldest_seconds
FROM spill
