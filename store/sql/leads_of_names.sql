-- The leads of people who are found under one of these names, or whose profile has that e-mail.
-- $1 kinds, $2 values (as in contact_identities), $3 e-mail in lower case
SELECT r.id FROM contact_identities AS i JOIN lead_records AS r ON r.contact_id = i.contact_id
WHERE (i.kind, i.value) IN (SELECT * FROM unnest($1::text[], $2::text[]))
UNION
SELECT p.lead_id FROM customer_profiles AS p WHERE lower(p.email) = $3
