-- $1 kind, $2 value, $3 contact_id
INSERT INTO contact_identities (kind, value, contact_id)
SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[])
