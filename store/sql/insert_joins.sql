-- $1 a, $2 b, $3 kind
INSERT INTO identity_joins (a, b, kind)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
ON CONFLICT DO NOTHING
