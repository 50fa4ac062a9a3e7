-- Raw bodies that name a person. $1 names as bytes
SELECT 'deliveries' AS of, d.id::text, d.received_at AS at, d.body FROM deliveries AS d
WHERE EXISTS (SELECT FROM unnest($1::bytea[]) AS n (name) WHERE position(n.name IN d.body) > 0)
UNION ALL
SELECT 'dead_letters', d.id::text, d.received_at, d.body FROM dead_letters AS d
WHERE EXISTS (SELECT FROM unnest($1::bytea[]) AS n (name) WHERE position(n.name IN d.body) > 0)
UNION ALL
SELECT 'spill', s.id::text, s.received_at, s.body FROM spill AS s
WHERE EXISTS (SELECT FROM unnest($1::bytea[]) AS n (name) WHERE position(n.name IN s.body) > 0)
