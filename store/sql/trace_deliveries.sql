-- $1 bytes of which one must stand in the body, $2 received since, $3 before, $4 how many
SELECT d.id, d.received_at, d.source, d.event, d.idempotency_key, d.events, d.applied, d.ignored, d.dead, d.settled_at
FROM deliveries AS d
WHERE d.received_at >= $2 AND d.received_at < $3
  AND EXISTS (SELECT FROM unnest($1::bytea[]) AS n (name) WHERE position(n.name IN d.body) > 0)
ORDER BY d.received_at LIMIT $4
