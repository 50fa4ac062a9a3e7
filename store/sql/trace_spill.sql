-- $1 bytes of which one must stand in the body, $2 how many
SELECT s.id, s.received_at, s.event, s.attempts FROM spill AS s
WHERE EXISTS (SELECT FROM unnest($1::bytea[]) AS n (name) WHERE position(n.name IN s.body) > 0)
ORDER BY s.received_at LIMIT $2
