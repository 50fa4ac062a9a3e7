-- The names of these contacts, and these names whosever they were.
-- $1 contact ids, $2 kind, $3 value
DELETE FROM contact_identities AS i
USING (
    SELECT kind, value FROM contact_identities WHERE contact_id = ANY ($1::uuid[])
    UNION
    SELECT * FROM unnest($2::text[], $3::text[])
) AS v
WHERE i.kind = v.kind AND i.value = v.value
