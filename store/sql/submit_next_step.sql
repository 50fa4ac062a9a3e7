-- A draft is ready to be decided on. $1 id
UPDATE next_steps SET status = 'PENDING' WHERE id = $1 AND status = 'DRAFT' RETURNING *
