-- $1 names as bytes
SELECT s.received_at, s.id, s.event, s.body FROM spill AS s
WHERE EXISTS (SELECT FROM unnest($1::bytea[]) AS n (name) WHERE position(n.name IN s.body) > 0)
ORDER BY s.received_at, s.id FOR UPDATE
