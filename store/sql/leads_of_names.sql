-- The leads of people who are found under one of these names, or whose profile has that e-mail; living ones first.
-- $1 kinds, $2 values (as in contact_identities), $3 e-mail in lower case
SELECT r.id, r.deleted_at FROM lead_records AS r
WHERE r.contact_id IN (SELECT i.contact_id FROM contact_identities AS i
                       WHERE (i.kind, i.value) IN (SELECT * FROM unnest($1::text[], $2::text[])))
   OR r.id IN (SELECT p.lead_id FROM customer_profiles AS p WHERE lower(p.email) = $3)
ORDER BY r.deleted_at IS NOT NULL, r.id
