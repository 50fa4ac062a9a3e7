-- Leads of whom something came in since they were last read. $1 how many
SELECT r.id, r.contact_id, c.heard_at, r.read_hash
FROM contacts AS c JOIN lead_records AS r ON r.contact_id = c.id
WHERE r.deleted_at IS NULL AND c.heard_at > coalesce(r.read_to, '-infinity')
ORDER BY c.heard_at LIMIT $1
