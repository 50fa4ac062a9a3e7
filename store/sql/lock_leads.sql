-- Leads to be changed; those that somebody is changing now are left out.
-- $1 ids
SELECT * FROM lead_records WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
