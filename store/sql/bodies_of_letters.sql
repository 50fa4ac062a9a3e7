-- $1 names as bytes
SELECT d.id, d.event, d.body FROM dead_letters AS d
WHERE EXISTS (SELECT FROM unnest($1::bytea[]) AS n (name) WHERE position(n.name IN d.body) > 0)
ORDER BY d.id
