-- $1 contact ids
SELECT r.*, p.* FROM lead_records AS r LEFT JOIN customer_profiles AS p ON p.lead_id = r.id
WHERE r.contact_id = ANY ($1::uuid[]) ORDER BY r.id FOR UPDATE OF r
