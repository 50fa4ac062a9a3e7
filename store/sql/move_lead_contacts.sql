-- Leads and contacts that are others now: people stay on their leads. What stood under the old ids goes with them.
-- $1 lead that goes, $2 lead that stays, $3 contact that goes, $4 contact that stays
WITH leads AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS v (old_id, new_id)
), people AS (
    SELECT * FROM unnest($3::uuid[], $4::uuid[]) AS v (old_id, new_id)
), moved AS (
    SELECT coalesce(l.new_id, p.lead_id) AS lead_id, coalesce(c.new_id, p.contact_id) AS contact_id, p.role, p.added_by, p.added_at
    FROM lead_contacts AS p LEFT JOIN leads AS l ON l.old_id = p.lead_id LEFT JOIN people AS c ON c.old_id = p.contact_id
    WHERE l.old_id IS NOT NULL OR c.old_id IS NOT NULL
)
INSERT INTO lead_contacts (lead_id, contact_id, role, added_by, added_at)
SELECT m.lead_id, m.contact_id, m.role, m.added_by, m.added_at
FROM moved AS m JOIN lead_records AS r ON r.id = m.lead_id
WHERE r.contact_id <> m.contact_id
ON CONFLICT (lead_id, contact_id) DO NOTHING
