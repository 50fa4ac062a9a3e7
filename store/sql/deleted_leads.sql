-- $1 how many
SELECT r.id, coalesce(r.name, c.name) AS name, coalesce(r.phone, c.phone) AS phone, r.deleted_at,
    (SELECT h.actor FROM lead_changes AS h WHERE h.lead_id = r.id AND h.field = 'deleted_at' ORDER BY h.id DESC LIMIT 1) AS deleted_by
FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
WHERE r.deleted_at IS NOT NULL ORDER BY r.deleted_at DESC LIMIT $1
