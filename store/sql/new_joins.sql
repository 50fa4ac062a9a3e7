-- Those of the given joins that nobody has named before.
-- $1 a, $2 b, $3 kind
SELECT v.a, v.b, v.kind
FROM unnest($1::text[], $2::text[], $3::text[]) AS v (a, b, kind)
WHERE NOT EXISTS (SELECT FROM identity_joins AS j WHERE j.a = v.a AND j.b = v.b AND j.kind = v.kind)
