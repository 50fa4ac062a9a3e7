-- $1 statuses, $2 priorities, $3 conversation (null leaves one out), $4 id of the last one seen, $5 how many
SELECT t.*, r.id AS lead_id, coalesce(r.name, c.name) AS name, coalesce(r.phone, c.phone) AS phone
FROM tickets AS t JOIN conversations AS v ON v.id = t.conversation_id
    JOIN lead_records AS r ON r.contact_id = v.contact_id JOIN contacts AS c ON c.id = r.contact_id
WHERE r.deleted_at IS NULL
  AND ($1::text[] IS NULL OR t.status = ANY ($1)) AND ($2::text[] IS NULL OR t.priority = ANY ($2))
  AND ($3::uuid IS NULL OR t.conversation_id = $3) AND ($4::bigint IS NULL OR t.id < $4)
ORDER BY t.id DESC LIMIT $5
