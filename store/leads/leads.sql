-- name: lead(id)
-- :id of a lead, also of one that was merged, or of its contact
SELECT l.*, c.username, came_from(l.contact_id) FROM leads AS l JOIN contacts AS c ON c.id = l.contact_id
WHERE l.id = coalesce((SELECT a.lead_id FROM lead_aliases AS a WHERE a.old_id = :id),
                      (SELECT r.id FROM lead_records AS r WHERE r.contact_id = :id), :id)


-- name: log_access(actor, action, lead_id)
INSERT INTO access_log (actor, action, lead_id) VALUES (:actor, :action, :lead_id)


-- name: read_again(lead_ids)
-- The next pass reads these leads' chats, whether or not anything new came in.
UPDATE lead_records SET read_to = NULL, read_hash = NULL WHERE id = ANY (:lead_ids::uuid[])


-- name: lead_of_suggestion(id)
SELECT lead_id FROM lead_suggestions WHERE id = :id


-- name: answer_suggestion(id, action, actor)
-- :action accepted or ignored, :actor by whom
UPDATE lead_suggestions SET state = :action, answered_by = :actor, answered_at = now()
WHERE id = :id AND state = 'open'
RETURNING *, value AS new


-- name: deleted_leads(count)
SELECT r.id, coalesce(r.name, c.name) AS name, coalesce(r.phone, c.phone) AS phone, r.deleted_at,
    (SELECT h.actor FROM lead_changes AS h WHERE h.lead_id = r.id AND h.field = 'deleted_at' ORDER BY h.id DESC
        LIMIT 1) AS deleted_by
FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
WHERE r.deleted_at IS NOT NULL ORDER BY r.deleted_at DESC LIMIT :count


-- name: insert_note(lead_id, source, actor, text, corrects)
-- :corrects the note that it corrects
INSERT INTO lead_notes (lead_id, source, actor, text, corrects) VALUES (:lead_id, :source, :actor, :text, :corrects)
    RETURNING id


-- name: note_to_correct(id)
-- The lead of a note that has not been corrected yet.
SELECT n.lead_id FROM lead_notes AS n
WHERE n.id = :id AND NOT EXISTS (SELECT FROM lead_notes AS c WHERE c.corrects = n.id)


-- name: lead_history(id, field, before, count)
-- :id of a lead, also of one that was merged; :field or null, :before this id or null
SELECT * FROM lead_changes AS h
WHERE h.lead_id = coalesce((SELECT a.lead_id FROM lead_aliases AS a WHERE a.old_id = :id), :id)
  AND (:field::text IS NULL OR h.field = :field)
  AND (:before::bigint IS NULL OR h.id < :before)
ORDER BY h.id DESC LIMIT :count
