-- name: insights_of_lead(lead_id, count)
-- The newest conversations of a lead, with how they feel.
SELECT i.*, v.status, v.created_at, v.last_active_at
FROM conversations AS v JOIN conversation_insights AS i ON i.conversation_id = v.id
WHERE v.contact_id = (SELECT r.contact_id FROM lead_records AS r
                      WHERE r.id = coalesce((SELECT a.lead_id FROM lead_aliases AS a
                          WHERE a.old_id = :lead_id), :lead_id))
ORDER BY v.last_active_at DESC NULLS LAST, v.id LIMIT :count
