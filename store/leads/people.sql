-- name: people_of_lead(lead_id)
-- Further people on a lead, each with their own lead.
SELECT p.contact_id, p.role, p.added_by, p.added_at, o.id AS lead_id, o.name, coalesce(o.phone,
    o.mirrored_phone) AS phone
FROM lead_contacts AS p JOIN leads AS o ON o.contact_id = p.contact_id
WHERE p.lead_id = coalesce((SELECT a.lead_id FROM lead_aliases AS a WHERE a.old_id = :lead_id), :lead_id)
ORDER BY p.added_at, p.contact_id


-- name: add_person(lead_id, contact_id, role, who)
INSERT INTO lead_contacts (lead_id, contact_id, role, added_by) VALUES (:lead_id, :contact_id, :role, :who)
ON CONFLICT (lead_id, contact_id) DO UPDATE SET role = excluded.role


-- name: remove_person(lead_id, contact_id)
DELETE FROM lead_contacts WHERE lead_id = :lead_id AND contact_id = :contact_id RETURNING role
