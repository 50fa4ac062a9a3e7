-- $1 id of a delivery
SELECT id, received_at, source, event, idempotency_key, events, applied, ignored, dead, settled_at, body
FROM deliveries WHERE id = $1
