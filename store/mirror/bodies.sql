-- name: letters_naming(pattern, ids)
-- Which dead letters with bytes of their own may name a person, in whatever spelling; the bytes of others stand in
-- deliveries. :pattern of the person's names, :ids of conversations and messages as bytes
SELECT d.id FROM dead_letters AS d
WHERE encode(d.body, 'escape') ~* :pattern
   OR EXISTS (SELECT FROM unnest(:ids::bytea[]) AS n (name) WHERE position(n.name IN d.body) > 0)
ORDER BY d.id


-- name: letter_body(id)
SELECT event, body FROM dead_letters WHERE id = :id


-- name: spill_naming(pattern, ids)
-- Which spilled deliveries may name a person, in whatever spelling; they stay as they are until the transaction ends.
-- :pattern of the person's names, :ids of conversations and messages as bytes
SELECT s.received_at, s.id FROM spill AS s
WHERE encode(s.body, 'escape') ~* :pattern
   OR EXISTS (SELECT FROM unnest(:ids::bytea[]) AS n (name) WHERE position(n.name IN s.body) > 0)
ORDER BY s.received_at, s.id FOR UPDATE


-- name: spill_body(received_at, id)
SELECT event, body FROM spill WHERE received_at = :received_at AND id = :id


-- name: first_delivery
-- When the oldest stored delivery was received, and what time it is by this clock.
SELECT min(received_at) AS first, now() AS now FROM deliveries


-- name: deliveries_naming(pattern, conversations, messages, received_from, until, settled_from)
-- Which stored deliveries of a window may be about a person, in whatever spelling. One may name a message only.
-- :pattern of the person's names, :conversations ids of conversations as bytes, :messages ids of messages as bytes,
-- :until to, :settled_from settled not before
SELECT d.received_at, d.id FROM deliveries AS d
WHERE d.received_at >= :received_from AND d.received_at < :until AND d.settled_at >= :settled_from
  AND (encode(d.body, 'escape') ~* :pattern
       OR EXISTS (SELECT FROM unnest(:conversations::bytea[] || :messages::bytea[]) AS n (name)
           WHERE position(n.name IN d.body) > 0))
ORDER BY d.received_at, d.id


-- name: delivery_body(received_at, id)
SELECT event, body FROM deliveries WHERE received_at = :received_at AND id = :id


-- name: scrub_spill(received_at, id, body, event)
-- :body without an erased person
UPDATE spill SET body = :body, event = :event, idempotency_key = NULL WHERE received_at = :received_at AND id = :id


-- name: scrub_letter(id, body, event, emptied)
-- What was about an erased person alone is beyond replay. :body without an erased person, :emptied whether nothing is
-- left
UPDATE dead_letters SET body = :body, event = :event, idempotency_key = NULL,
    state = CASE WHEN :emptied THEN 'discarded' ELSE state END
WHERE id = :id


-- name: scrub_delivery(received_at, id, body, event, positions)
-- Replace the body of a stored delivery by one without an erased person. Dead letters about the person alone are
-- discarded. :body without the person, :positions places of the events that are empty now; null: all are empty
WITH letters AS (
    UPDATE dead_letters SET event = :event, idempotency_key = NULL,
        state = CASE WHEN :positions::integer[] IS NULL OR position = ANY (:positions) THEN 'discarded' ELSE state END
    WHERE delivery_id = :id
)
UPDATE deliveries SET body = :body, event = :event, idempotency_key = NULL WHERE received_at = :received_at AND id = :id
