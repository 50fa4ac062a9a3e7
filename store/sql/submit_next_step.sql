-- A draft is ready to be decided on. $1 id
UPDATE next_steps AS s SET status = 'PENDING' FROM lead_records AS r
WHERE s.id = $1 AND s.status = 'DRAFT' AND r.id = s.lead_id AND r.deleted_at IS NULL RETURNING s.*
