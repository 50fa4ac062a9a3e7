-- Whose lead it is: by the conversation, else by the number, else by the e-mail; a living one before one that was deleted.
-- $1 conversation id, $2 number as +digits, $3 e-mail in lower case
SELECT id FROM (
    SELECT 1 AS likely, r.id, r.deleted_at FROM conversations AS v JOIN lead_records AS r ON r.contact_id = v.contact_id
    WHERE v.id = $1
    UNION ALL
    SELECT CASE i.kind WHEN 'phone' THEN 2 ELSE 3 END, r.id, r.deleted_at
    FROM (VALUES ('phone', $2), ('email', $3)) AS n (kind, value)
        JOIN contact_identities AS i ON i.kind = n.kind AND i.value = n.value
        JOIN lead_records AS r ON r.contact_id = i.contact_id
    UNION ALL
    SELECT 2, r.id, r.deleted_at FROM lead_records AS r WHERE r.phone = $2
    UNION ALL
    SELECT 4, r.id, r.deleted_at FROM customer_profiles AS p JOIN lead_records AS r ON r.id = p.lead_id
    WHERE lower(p.email) = $3
) AS meant
ORDER BY deleted_at IS NOT NULL, likely LIMIT 1
