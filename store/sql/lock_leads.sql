-- Leads with their profiles, to be changed; those that somebody is changing now are left out.
-- $1 ids
SELECT r.*, p.* FROM lead_records AS r LEFT JOIN customer_profiles AS p ON p.lead_id = r.id
WHERE r.id = ANY ($1::uuid[]) ORDER BY r.id FOR NO KEY UPDATE OF r SKIP LOCKED
