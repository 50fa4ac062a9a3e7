-- $1 names
SELECT a, b, kind FROM identity_joins WHERE a = ANY ($1::text[]) OR b = ANY ($1::text[])
