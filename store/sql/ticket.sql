-- $1 id
SELECT t.*, r.id AS lead_id, coalesce(r.name, c.name) AS name, coalesce(r.phone, c.phone) AS phone
FROM tickets AS t JOIN conversations AS v ON v.id = t.conversation_id
    JOIN lead_records AS r ON r.contact_id = v.contact_id JOIN contacts AS c ON c.id = r.contact_id
WHERE t.id = $1 AND r.deleted_at IS NULL
