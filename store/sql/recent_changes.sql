-- What changed lately, newest first. $1 lead, also one that was merged (null: all), $2 how many
SELECT h.*, coalesce(r.name, c.name) AS name
FROM lead_changes AS h JOIN lead_records AS r ON r.id = h.lead_id JOIN contacts AS c ON c.id = r.contact_id
WHERE r.deleted_at IS NULL
  AND ($1::uuid IS NULL OR h.lead_id = coalesce((SELECT a.lead_id FROM lead_aliases AS a WHERE a.old_id = $1), $1))
ORDER BY h.id DESC LIMIT $2
