-- Whose lead it is. $1 conversation id, $2 number as +digits, $3 e-mail in lower case
SELECT r.id FROM conversations AS v JOIN lead_records AS r ON r.contact_id = v.contact_id WHERE v.id = $1
UNION ALL
SELECT r.id FROM contact_identities AS i JOIN lead_records AS r ON r.contact_id = i.contact_id
WHERE (i.kind = 'phone' AND i.value = $2) OR (i.kind = 'email' AND i.value = $3)
UNION ALL
SELECT p.lead_id FROM customer_profiles AS p WHERE lower(p.email) = $3
LIMIT 1
