-- The oldest of the spill, their attempts counted. Who was begun often enough is taken alone.
-- $1 how many, $2 attempts from which on it is alone
WITH head AS (
    SELECT received_at, id, attempts FROM spill ORDER BY received_at, id LIMIT $1
), taken AS (
    SELECT received_at, id FROM head WHERE attempts < $2
    UNION ALL
    (SELECT received_at, id FROM head
     WHERE NOT EXISTS (SELECT FROM head AS h WHERE h.attempts < $2)
     ORDER BY received_at, id LIMIT 1)
)
UPDATE spill AS s SET attempts = s.attempts + 1
FROM taken AS t
WHERE s.received_at = t.received_at AND s.id = t.id
RETURNING s.id, s.received_at, s.event, s.idempotency_key, s.version, s.body, s.attempts
