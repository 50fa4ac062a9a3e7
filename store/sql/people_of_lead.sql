-- Further people on a lead, each with their own lead. $1 lead id
SELECT p.contact_id, p.role, p.added_by, p.added_at, o.id AS lead_id, o.name, coalesce(o.phone, o.mirrored_phone) AS phone
FROM lead_contacts AS p JOIN leads AS o ON o.contact_id = p.contact_id
WHERE p.lead_id = coalesce((SELECT a.lead_id FROM lead_aliases AS a WHERE a.old_id = $1), $1)
ORDER BY p.added_at, p.contact_id
