-- $1 received_at, $2 id, $3 the body without an erased person, $4 event
UPDATE spill SET body = $3, event = $4, idempotency_key = NULL WHERE received_at = $1 AND id = $2
