-- $1 caller, $2 key, $3 the lead that came of it, $4 what of it became suggestions
UPDATE idempotency_keys SET lead_id = $3, suggested = $4::text[] WHERE caller = $1 AND key = $2
