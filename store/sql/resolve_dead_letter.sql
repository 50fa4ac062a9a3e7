-- The letter was replayed, and its delivery's books say so: what was dead is applied or ignored.
-- $1 id, $2 applied, $3 ignored, $4 still dead
WITH letter AS (
    UPDATE dead_letters SET state = 'replayed' WHERE id = $1 AND state <> 'replayed'
    RETURNING delivery_id, received_at
)
UPDATE deliveries AS d SET
    applied = d.applied + $2, ignored = d.ignored + $3, dead = d.dead - 1 + $4, events = d.events + $2 + $3 + $4 - 1
FROM letter AS l
WHERE d.received_at = l.received_at AND d.id = l.delivery_id
