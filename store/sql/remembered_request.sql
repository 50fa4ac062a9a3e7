-- $1 caller, $2 key
SELECT asked, lead_id, suggested FROM idempotency_keys WHERE caller = $1 AND key = $2
