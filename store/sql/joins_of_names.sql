-- $1 names
SELECT j.a, j.b, j.kind FROM unnest($1::text[]) AS t (name) JOIN identity_joins AS j ON j.a = t.name
UNION
SELECT j.a, j.b, j.kind FROM unnest($1::text[]) AS t (name) JOIN identity_joins AS j ON j.b = t.name
