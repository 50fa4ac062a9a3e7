-- Accepted deliveries that Redis does not take; nothing once the table is as large as it may be.
-- $1 id, $2 received_at, $3 event, $4 idempotency_key, $5 version, $6 body, $7 the most bytes
INSERT INTO spill (id, received_at, event, idempotency_key, version, body)
SELECT v.*
FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::bytea[])
    AS v (id, received_at, event, idempotency_key, version, body)
WHERE pg_total_relation_size('spill') < $7::bigint
ON CONFLICT (received_at, id) DO NOTHING
