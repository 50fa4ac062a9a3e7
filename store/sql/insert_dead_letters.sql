-- The same event failing again raises its attempts; one that was replayed and fails again is open again.
-- $1 delivery_id, $2 position, $3 received_at, $4 event, $5 idempotency_key, $6 version, $7 body, $8 error_kind,
-- $9 error, $10 fingerprint, $11 code_version
INSERT INTO dead_letters AS d (delivery_id, position, received_at, event, idempotency_key, version, body, error_kind,
    error, fingerprint, code_version)
SELECT * FROM unnest($1::uuid[], $2::integer[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::bytea[],
                     $8::text[], $9::text[], $10::text[], $11::text[])
ON CONFLICT (delivery_id, position) DO UPDATE SET
    attempts = d.attempts + 1, last_failed_at = now(), error_kind = excluded.error_kind, error = excluded.error,
    fingerprint = excluded.fingerprint, code_version = excluded.code_version,
    state = CASE WHEN d.state = 'replayed' THEN 'open' ELSE d.state END
