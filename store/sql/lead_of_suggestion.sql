-- $1 id
SELECT lead_id FROM lead_suggestions WHERE id = $1
