-- $1 id
SELECT s.* FROM next_steps AS s JOIN lead_records AS r ON r.id = s.lead_id WHERE s.id = $1 AND r.deleted_at IS NULL
