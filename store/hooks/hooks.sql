-- name: insert_hook(name, kind, target, events, actor)
INSERT INTO hooks (name, kind, target, events, created_by) VALUES (:name, :kind, :target, :events, :actor) RETURNING *


-- name: hooks
-- Each hook with the number of waiting and of dead notifications, and its newest error.
SELECT h.*, count(n.id) FILTER (WHERE n.state = 'waiting') AS waiting, count(n.id) FILTER (WHERE n.state = 'dead') AS dead,
    (SELECT e.error FROM notifications AS e WHERE e.hook_id = h.id AND e.error IS NOT NULL ORDER BY e.id DESC LIMIT 1) AS error
FROM hooks AS h LEFT JOIN notifications AS n ON n.hook_id = h.id AND n.state <> 'sent'
GROUP BY h.id ORDER BY h.name


-- name: hook(name)
SELECT * FROM hooks WHERE name = :name


-- name: pause_hook(name, paused)
UPDATE hooks SET paused_at = CASE WHEN :paused::boolean THEN coalesce(paused_at, now()) END WHERE name = :name RETURNING id


-- name: rotate_hook(name)
UPDATE hooks SET generation = generation + 1, rotated_at = now() WHERE name = :name RETURNING *


-- name: remove_hook(name)
DELETE FROM hooks WHERE name = :name RETURNING id


-- name: test_hook(name)
INSERT INTO notifications (hook_id, event) SELECT h.id, 'hook.test' FROM hooks AS h WHERE h.name = :name RETURNING id


-- name: replay_hook(name)
-- Dead notifications wait again, in their order.
UPDATE notifications AS n SET state = 'waiting', attempts = 0, next_try_at = now(), error = NULL
FROM hooks AS h WHERE h.name = :name AND n.hook_id = h.id AND n.state = 'dead'


-- name: dead_notifications(name, limit)
SELECT n.id, n.event, n.lead_id, n.occurred_at, n.attempts, n.error
FROM notifications AS n JOIN hooks AS h ON h.id = n.hook_id
WHERE h.name = :name AND n.state = 'dead' ORDER BY n.id DESC LIMIT :limit
