-- name: trace_deliveries(names, received_since, before, count)
-- :names bytes of which one must stand in the body
SELECT d.id, d.received_at, d.source, d.event, d.idempotency_key, d.events, d.applied, d.ignored, d.dead, d.settled_at
FROM deliveries AS d
WHERE d.received_at >= :received_since AND d.received_at < :before
  AND EXISTS (SELECT FROM unnest(:names::bytea[]) AS n (name) WHERE position(n.name IN d.body) > 0)
ORDER BY d.received_at LIMIT :count


-- name: trace_spill(names, count)
-- :names bytes of which one must stand in the body
SELECT s.id, s.received_at, s.event, s.attempts FROM spill AS s
WHERE EXISTS (SELECT FROM unnest(:names::bytea[]) AS n (name) WHERE position(n.name IN s.body) > 0)
ORDER BY s.received_at LIMIT :count


-- name: trace_delivery(id)
-- :id of a delivery
SELECT id, received_at, source, event, idempotency_key, events, applied, ignored, dead, settled_at, body
FROM deliveries WHERE id = :id


-- name: trace_letters(ids, names, count)
-- Letters of those deliveries, and of others whose day is dropped and whose bytes name the person. :ids of deliveries,
-- :names bytes of which one must stand in the body
SELECT d.id, d.delivery_id, d.position, d.event, d.error_kind, d.error, d.fingerprint, d.attempts, d.first_failed_at,
    d.last_failed_at, d.state, d.code_version
FROM dead_letters AS d
WHERE d.delivery_id = ANY (:ids::uuid[])
   OR d.delivery_id IN (
       SELECT k.delivery_id FROM dead_letters AS k
       WHERE EXISTS (SELECT FROM unnest(:names::bytea[]) AS n (name) WHERE position(n.name IN k.body) > 0))
ORDER BY d.first_failed_at LIMIT :count


-- name: trace_changes(id, count)
-- :id of a message
SELECT h.lead_id, h.field, h.source, h.actor, h.confidence, h.changed_at
FROM lead_changes AS h
WHERE h.lead_id IN (SELECT r.id FROM lead_records AS r JOIN messages AS m ON m.contact_id = r.contact_id
    WHERE m.id = :id)
  AND h.message_id = :id
ORDER BY h.id LIMIT :count


-- name: trace_merges(contact_id)
SELECT old_id, merged_at FROM contact_aliases WHERE contact_id = :contact_id ORDER BY merged_at
