-- $1 statuses, $2 types, $3 lead (null leaves one out), $4 id of the last one seen, $5 how many
SELECT s.*, coalesce(r.name, c.name) AS name, coalesce(r.phone, c.phone) AS phone
FROM next_steps AS s JOIN lead_records AS r ON r.id = s.lead_id JOIN contacts AS c ON c.id = r.contact_id
WHERE r.deleted_at IS NULL
  AND ($1::text[] IS NULL OR s.status = ANY ($1)) AND ($2::text[] IS NULL OR s.type = ANY ($2))
  AND ($3::uuid IS NULL OR s.lead_id = coalesce((SELECT a.lead_id FROM lead_aliases AS a WHERE a.old_id = $3), $3))
  AND ($4::bigint IS NULL OR s.id < $4)
ORDER BY s.id DESC LIMIT $5
