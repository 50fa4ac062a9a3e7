-- What was about an erased person alone is beyond replay.
-- $1 id, $2 the body without an erased person, $3 event, $4 whether nothing is left
UPDATE dead_letters SET body = $2, event = $3, idempotency_key = NULL,
    state = CASE WHEN $4 THEN 'discarded' ELSE state END
WHERE id = $1
