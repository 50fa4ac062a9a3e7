-- name: insert_ticket(conversation_id, subject, priority, assignee, who)
-- Nothing comes back where the conversation does not exist, or its lead is deleted.
INSERT INTO tickets (conversation_id, subject, priority, assignee, opened_by)
SELECT v.id, :subject, :priority, :assignee, :who FROM conversations AS v JOIN leads
    AS l ON l.contact_id = v.contact_id WHERE v.id = :conversation_id
RETURNING id


-- name: ticket(id)
SELECT t.*, r.id AS lead_id, coalesce(r.name, c.name) AS name, coalesce(r.phone, c.phone) AS phone
FROM tickets AS t JOIN conversations AS v ON v.id = t.conversation_id
    JOIN lead_records AS r ON r.contact_id = v.contact_id JOIN contacts AS c ON c.id = r.contact_id
WHERE t.id = :id AND r.deleted_at IS NULL


-- name: lock_ticket(id)
SELECT t.* FROM tickets AS t WHERE t.id = :id FOR NO KEY UPDATE


-- name: update_ticket(id, subject, status, priority, assignee)
UPDATE tickets SET subject = :subject, status = :status, priority = :priority, assignee = :assignee,
    version = version + 1, updated_at = now(),
    solved_at = CASE WHEN :status IN ('solved', 'closed') THEN coalesce(solved_at, now()) END
WHERE id = :id


-- name: insert_ticket_changes(ticket_id, field, old, new, source, actor)
INSERT INTO ticket_changes (ticket_id, field, old, new, source, actor)
SELECT * FROM unnest(:ticket_id::bigint[], :field::text[], :old::text[], :new::text[], :source::text[], :actor::text[])


-- name: tickets_page(statuses, priorities, conversation_id, last_id, count)
-- A condition whose value is null is left out.
SELECT t.*, r.id AS lead_id, coalesce(r.name, c.name) AS name, coalesce(r.phone, c.phone) AS phone
FROM tickets AS t JOIN conversations AS v ON v.id = t.conversation_id
    JOIN lead_records AS r ON r.contact_id = v.contact_id JOIN contacts AS c ON c.id = r.contact_id
WHERE r.deleted_at IS NULL
  AND (:statuses::text[] IS NULL OR t.status = ANY (:statuses)) AND (:priorities::text[] IS NULL
      OR t.priority = ANY (:priorities))
  AND (:conversation_id::uuid IS NULL OR t.conversation_id = :conversation_id) AND (:last_id::bigint IS NULL
      OR t.id < :last_id)
ORDER BY t.id DESC LIMIT :count


-- name: tickets_of_lead(lead_id)
SELECT t.* FROM tickets AS t JOIN conversations AS v ON v.id = t.conversation_id
    JOIN lead_records AS r ON r.contact_id = v.contact_id
WHERE r.id = :lead_id ORDER BY t.solved_at IS NOT NULL, t.id DESC LIMIT 10


-- name: ticket_history(ticket_id)
SELECT h.* FROM ticket_changes AS h WHERE h.ticket_id = :ticket_id ORDER BY h.id DESC LIMIT 200


-- name: latest_conversation(lead_id)
-- The conversation that a lead is in, or was in last.
SELECT v.id FROM conversations AS v JOIN lead_records AS r ON r.contact_id = v.contact_id
WHERE r.id = coalesce((SELECT a.lead_id FROM lead_aliases AS a WHERE a.old_id = :lead_id), :lead_id)
ORDER BY v.last_active_at DESC NULLS LAST, v.id DESC LIMIT 1
