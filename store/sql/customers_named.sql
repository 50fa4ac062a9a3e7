-- Leads under exactly that number or address. $1 numbers as +digits, $2 e-mail in lower case (null: none)
SELECT r.id FROM contact_identities AS i JOIN lead_records AS r ON r.contact_id = i.contact_id
WHERE r.deleted_at IS NULL AND ((i.kind = 'phone' AND i.value = ANY ($1::text[])) OR (i.kind = 'email' AND i.value = $2))
UNION
SELECT r.id FROM lead_records AS r WHERE r.deleted_at IS NULL AND r.phone = ANY ($1::text[])
UNION
SELECT p.lead_id FROM customer_profiles AS p JOIN lead_records AS r ON r.id = p.lead_id
WHERE r.deleted_at IS NULL AND lower(p.email) = $2
