-- $1 caller, $2 key, $3 the lead that came of it
UPDATE idempotency_keys SET lead_id = $3 WHERE caller = $1 AND key = $2
