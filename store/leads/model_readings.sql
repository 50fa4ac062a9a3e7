-- name: queue_for_model(lead_ids, heard_at)
-- The rules have read these chats as far as :heard_at.
INSERT INTO model_readings AS m (lead_id, heard_at)
SELECT * FROM unnest(:lead_ids::uuid[], :heard_at::timestamptz[])
ON CONFLICT (lead_id) DO UPDATE SET is_due = true, heard_at = excluded.heard_at, taken_at = NULL, tries = 0


-- name: take_for_model(count)
-- Takes chats that wait for the model: those of the last hour first, of these and of the others the longest waiting.
WITH live AS (
    SELECT w.lead_id FROM model_readings AS w JOIN lead_records AS r ON r.id = w.lead_id AND r.deleted_at IS NULL
    WHERE w.is_due AND w.heard_at >= now() - interval '1 hour'
      AND (w.taken_at IS NULL OR w.taken_at < now() - interval '5 minutes')
    ORDER BY w.heard_at LIMIT :count::bigint FOR UPDATE OF w SKIP LOCKED
), others AS (
    SELECT w.lead_id FROM model_readings AS w JOIN lead_records AS r ON r.id = w.lead_id AND r.deleted_at IS NULL
    WHERE w.is_due AND w.heard_at < now() - interval '1 hour'
      AND (w.taken_at IS NULL OR w.taken_at < now() - interval '5 minutes')
    ORDER BY w.heard_at LIMIT :count::bigint - (SELECT count(*) FROM live) FOR UPDATE OF w SKIP LOCKED
)
UPDATE model_readings AS m SET taken_at = now()
FROM (SELECT lead_id FROM live UNION ALL SELECT lead_id FROM others) AS t
JOIN lead_records AS r ON r.id = t.lead_id
WHERE m.lead_id = t.lead_id
RETURNING m.lead_id, r.contact_id, m.heard_at, r.read_hash


-- name: still_due(lead_ids, heard_at)
-- Of these chats, those that the rules have not read further meanwhile. Locked.
SELECT m.lead_id FROM model_readings AS m
JOIN unnest(:lead_ids::uuid[], :heard_at::timestamptz[]) AS v (lead_id, heard_at)
    ON v.lead_id = m.lead_id AND v.heard_at = m.heard_at
ORDER BY m.lead_id FOR UPDATE OF m


-- name: model_has_read(lead_id, lines)
-- :lines marks of the messages that it read
UPDATE model_readings SET is_due = false, lines = :lines::text[], taken_at = NULL, tries = 0 WHERE lead_id = :lead_id


-- name: put_back_for_model(lead_ids, failed)
-- Chats that were taken and not read. :failed whether the model could not answer them: after three times they wait for
-- their next message.
UPDATE model_readings SET
    tries = tries + :failed::boolean::integer,
    is_due = is_due AND tries + :failed::boolean::integer < 3,
    taken_at = CASE WHEN :failed::boolean THEN taken_at END
WHERE lead_id = ANY (:lead_ids::uuid[])


-- name: lines_read_by_model(lead_ids)
-- Marks of the messages that the model has read of each of these chats.
SELECT lead_id, lines FROM model_readings WHERE lead_id = ANY (:lead_ids::uuid[])
