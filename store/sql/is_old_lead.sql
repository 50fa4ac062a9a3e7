-- $1 contact id, $2 before
SELECT greatest(c.last_message_at, c.heard_at, r.changed_at) < $2
FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id WHERE c.id = $1
