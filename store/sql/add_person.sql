-- $1 lead id, $2 contact id, $3 role, $4 who
INSERT INTO lead_contacts (lead_id, contact_id, role, added_by) VALUES ($1, $2, $3, $4)
ON CONFLICT (lead_id, contact_id) DO UPDATE SET role = excluded.role
