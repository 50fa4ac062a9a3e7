-- Contacts of whom, and of whose lead, nothing has been heard since. $1 before
SELECT r.contact_id FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
WHERE greatest(c.last_message_at, c.heard_at, r.changed_at) < $1
