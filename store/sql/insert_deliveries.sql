-- A delivery that is applied again after a crash is counted once.
-- $1 id, $2 received_at, $3 source, $4 event, $5 idempotency_key, $6 version, $7 body, $8 applied, $9 ignored, $10 dead
INSERT INTO deliveries (id, received_at, source, event, idempotency_key, version, body, applied, ignored, dead, events,
    settled_at)
SELECT v.*, v.applied + v.ignored + v.dead, clock_timestamp()
FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::integer[],
            $9::integer[], $10::integer[])
    AS v (id, received_at, source, event, idempotency_key, version, body, applied, ignored, dead)
ON CONFLICT (received_at, id) DO NOTHING
