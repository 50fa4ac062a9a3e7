-- The leads of people who are found under one of these names, who gave that number, or whose profile has that e-mail; living
-- ones first. $1 kinds, $2 values (as in contact_identities), $3 e-mail in lower case
SELECT id, deleted_at FROM (
    SELECT r.id, r.deleted_at
    FROM unnest($1::text[], $2::text[]) AS n (kind, value)
        JOIN contact_identities AS i ON i.kind = n.kind AND i.value = n.value
        JOIN lead_records AS r ON r.contact_id = i.contact_id
    UNION
    SELECT r.id, r.deleted_at FROM lead_records AS r WHERE r.phone = ANY ($2::text[])
    UNION
    SELECT r.id, r.deleted_at FROM customer_profiles AS p JOIN lead_records AS r ON r.id = p.lead_id WHERE lower(p.email) = $3
) AS found
ORDER BY deleted_at IS NOT NULL, id
