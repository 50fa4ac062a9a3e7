-- $1 id, $2 accepted or ignored, $3 by whom
UPDATE lead_suggestions SET state = $2, answered_by = $3, answered_at = now()
WHERE id = $1 AND state = 'open'
RETURNING *, value AS new
