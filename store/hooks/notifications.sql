-- name: claim_notifications(count, lease)
-- Claims due notifications, the oldest first. Skips one if an earlier notification of the same hook, and of the same
-- lead or alarm, still waits.
-- After :lease another worker may claim them. The lead is read as it is now; null if it was deleted.
WITH due AS (
    SELECT n.id FROM notifications AS n JOIN hooks AS h ON h.id = n.hook_id AND h.paused_at IS NULL
    -- Scalar subqueries and not NOT EXISTS: a join of all waiting rows would be quadratic.
    WHERE n.state = 'waiting' AND n.next_try_at <= now()
      AND NOT coalesce((SELECT true FROM notifications AS e
                        WHERE e.hook_id = n.hook_id AND e.state = 'waiting' AND e.lead_id = n.lead_id AND e.id < n.id
                        LIMIT 1), false)
      AND NOT coalesce((SELECT true FROM notifications AS e
                        WHERE n.lead_id IS NULL AND e.hook_id = n.hook_id AND e.state = 'waiting' AND e.lead_id IS NULL
                          AND e.data ->> 'name' = n.data ->> 'name' AND e.id < n.id
                        LIMIT 1), false)
    ORDER BY n.id LIMIT :count FOR UPDATE OF n SKIP LOCKED
), claimed AS (
    UPDATE notifications AS n SET attempts = n.attempts + 1, next_try_at = now() + :lease::interval
    FROM due WHERE n.id = due.id RETURNING n.*
)
SELECT c.id, c.event, c.lead_id, c.data, c.occurred_at, c.attempts, h.id AS hook_id, h.name AS hook, h.kind, h.target,
    h.generation, h.rotated_at,
    CASE WHEN l.id IS NOT NULL THEN jsonb_build_object(
        'id', l.id, 'name', l.name, 'phone', l.phone, 'business_type', l.business_type, 'city', l.domisili,
        'status', l.status, 'temperature', l.lead_temperature, 'score', l.lead_score, 'owner', l.owner) END AS lead,
    CASE WHEN o.id IS NOT NULL THEN jsonb_build_object(
        'id', o.id, 'session_id', o.session_id, 'lead_level', o.lead_level, 'handoff_reason', o.handoff_reason,
        'visitor_name', o.visitor_name, 'conversation_summary', o.conversation_summary,
        'signals_observed', o.signals_observed) END AS handoff
FROM claimed AS c JOIN hooks AS h ON h.id = c.hook_id
LEFT JOIN leads AS l ON l.id = c.lead_id
LEFT JOIN handoffs AS o ON o.id = (c.data ->> 'handoff_id')::bigint
ORDER BY c.id


-- name: notification_sent(id)
UPDATE notifications SET state = 'sent', sent_at = now(), error = NULL WHERE id = :id


-- name: notification_failed(id, error, seconds)
-- :seconds before the next attempt; null marks it as dead
UPDATE notifications SET error = :error, state = CASE WHEN :seconds::float8 IS NULL THEN 'dead' ELSE 'waiting' END,
    next_try_at = now() + make_interval(secs => coalesce(:seconds::float8, 0)) WHERE id = :id


-- name: prune_notifications(sent, dead)
-- Deletes notifications sent before :sent, and dead ones of changes before :dead.
DELETE FROM notifications
WHERE (state = 'sent' AND sent_at < :sent::timestamptz) OR (state = 'dead' AND occurred_at < :dead::timestamptz)
