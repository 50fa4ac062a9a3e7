-- $1 ids of deliveries, $2 bytes of which one must stand in the body, $3 how many
SELECT d.id, d.delivery_id, d.position, d.event, d.error_kind, d.error, d.fingerprint, d.attempts, d.first_failed_at,
    d.last_failed_at, d.state, d.code_version
FROM dead_letters AS d
WHERE d.delivery_id = ANY ($1::uuid[])
   OR EXISTS (SELECT FROM unnest($2::bytea[]) AS n (name) WHERE position(n.name IN d.body) > 0)
ORDER BY d.first_failed_at LIMIT $3
