-- name: log_open(actor, lead_id)
-- Who opened which lead; a page that looks again within ten minutes has not opened it anew.
INSERT INTO access_log (actor, action, lead_id)
SELECT :actor, 'open', :lead_id
WHERE NOT EXISTS (SELECT FROM access_log AS a
                  WHERE a.lead_id = :lead_id AND a.actor = :actor AND a.action = 'open'
                      AND a.at > now() - interval '10 minutes')


-- name: why(lead_ids)
-- Why each field is as it is: its last change.
SELECT DISTINCT ON (h.lead_id, h.field) h.*
FROM lead_changes AS h
WHERE h.lead_id = ANY (:lead_ids::uuid[])
ORDER BY h.lead_id, h.field, h.id DESC


-- name: open_suggestions(lead_id)
SELECT * FROM lead_suggestions WHERE lead_id = :lead_id AND state = 'open' ORDER BY field


-- name: messages_of_contact(contact_id, count, before, received_at, message_id)
-- The newest messages of a person, or those before one; of the same second in the order in which they were received.
-- :before this message's sent_at, :received_at its first_received_at, :message_id and its id, or null
SELECT id, conversation_id, contact_id, direction, type, text, transcript, media_url, content, reply_to_id, origin,
    status, sent_at, delivered_at, read_at, failed_at, error, first_received_at, edited_at, revoked_at, unedited_text,
    referral, referred_product
FROM messages
WHERE contact_id = :contact_id AND (:before::timestamptz IS NULL OR
    (coalesce(sent_at, '-infinity'), coalesce(first_received_at, '-infinity'), id) < (:before, :received_at,
        :message_id))
ORDER BY sent_at DESC NULLS LAST, coalesce(first_received_at, '-infinity') DESC, id DESC LIMIT :count


-- name: messages_of_contact_after(contact_id, count, after, received_at, message_id)
-- The messages of a person that follow one, oldest first; the order is that of messages_of_contact.
SELECT id, conversation_id, contact_id, direction, type, text, transcript, media_url, content, reply_to_id, origin,
    status, sent_at, delivered_at, read_at, failed_at, error, first_received_at, edited_at, revoked_at, unedited_text,
    referral, referred_product
FROM messages
WHERE contact_id = :contact_id AND (coalesce(sent_at, '-infinity'), coalesce(first_received_at, '-infinity'), id)
    > (:after::timestamptz, :received_at::timestamptz, :message_id)
ORDER BY sent_at NULLS FIRST, coalesce(first_received_at, '-infinity'), id LIMIT :count


-- name: messages_that_say(contact_id, pattern, count)
-- The newest messages of a person that hold these words. :pattern for ILIKE
SELECT m.id, m.direction, m.sent_at, coalesce(m.text, m.transcript) AS text
FROM messages AS m
WHERE m.contact_id = :contact_id AND (m.text ILIKE :pattern OR m.transcript ILIKE :pattern)
ORDER BY m.sent_at DESC NULLS LAST, m.id DESC LIMIT :count


-- name: media_of_contact(contact_id, count)
-- Pictures, films, voice notes and files of a chat, the newest first
SELECT m.id, m.type, m.direction, m.sent_at, m.content ->> 'filename' AS filename
FROM messages AS m
WHERE m.contact_id = :contact_id AND m.media_url IS NOT NULL AND m.revoked_at IS NULL
ORDER BY m.sent_at DESC NULLS LAST, m.id DESC LIMIT :count


-- name: conversations_of_contact(contact_id, count)
-- The newest first; with the first message of each, to open the chat there
SELECT v.id, v.status, v.created_at, v.last_active_at,
    (SELECT m.id FROM messages AS m WHERE m.conversation_id = v.id ORDER BY m.sent_at, m.id LIMIT 1) AS first_message_id
FROM conversations AS v WHERE v.contact_id = :contact_id
ORDER BY v.last_active_at DESC NULLS LAST, v.id LIMIT :count


-- name: client_of_lead(id)
SELECT c.name, r.converted_at FROM lead_records AS r JOIN clients AS c ON c.id = r.converted_to_client_id WHERE r.id = :id


-- name: timeline(lead_id, contact_id, count)
-- What happened to a lead beside its chat, newest first: changes of fields and status, notes, next steps that were decided
-- on, tickets, handoffs
SELECT * FROM (
    (SELECT 'change' AS kind, h.id, h.changed_at AS at, h.source, h.actor, h.field AS what, h.old::text AS old,
         h.new::text AS new, h.reason, h.message_id, h.quote, NULL::bigint AS corrected_by
     FROM lead_changes AS h WHERE h.lead_id = :lead_id ORDER BY h.id DESC LIMIT :count)
    UNION ALL
    (SELECT 'note', n.id, n.written_at, n.source, n.actor, n.text, NULL, NULL, NULL, NULL, NULL, c.id
     FROM lead_notes AS n LEFT JOIN lead_notes AS c ON c.corrects = n.id
     WHERE n.lead_id = :lead_id ORDER BY n.id DESC LIMIT :count)
    UNION ALL
    (SELECT 'step', s.id, coalesce(s.done_at, s.decided_at), 'human', coalesce(s.done_by, s.decided_by), s.type, NULL,
         CASE WHEN s.done_at IS NULL THEN s.status ELSE 'DONE' END, coalesce(s.error, s.decision_reason), NULL, NULL, NULL
     FROM next_steps AS s WHERE s.lead_id = :lead_id AND s.decided_at IS NOT NULL ORDER BY s.id DESC LIMIT :count)
    UNION ALL
    (SELECT 'ticket', t.id, t.created_at, 'human', t.opened_by, t.subject, NULL, t.status, NULL, NULL, NULL, NULL
     FROM tickets AS t JOIN conversations AS v ON v.id = t.conversation_id
     WHERE v.contact_id = :contact_id ORDER BY t.id DESC LIMIT :count)
    UNION ALL
    (SELECT 'handoff', o.id, o.created_at, 'bot', 'handoff', o.handoff_reason, NULL, o.lead_level,
         o.conversation_summary, NULL, NULL, NULL
     FROM handoffs AS o WHERE o.lead_id = :lead_id ORDER BY o.id DESC LIMIT :count)
) AS happened
ORDER BY at DESC, kind, id DESC LIMIT :count


-- name: message(id)
-- :id of a message. Those of a deleted lead are out of sight with it.
SELECT id, conversation_id, contact_id, direction, type, text, transcript, media_url, content, reply_to_id, origin,
    status, sent_at, delivered_at, read_at, failed_at, error, first_received_at, edited_at, revoked_at, unedited_text,
    referral, referred_product
FROM messages AS m
WHERE m.id = :id AND NOT EXISTS (SELECT FROM lead_records AS r WHERE r.contact_id = m.contact_id AND r.deleted_at IS NOT NULL)


-- name: notes(id)
-- :id of a lead, also of one that was merged
SELECT n.*, c.id AS corrected_by
FROM lead_notes AS n LEFT JOIN lead_notes AS c ON c.corrects = n.id
WHERE n.lead_id = coalesce((SELECT a.lead_id FROM lead_aliases AS a WHERE a.old_id = :id), :id)
ORDER BY n.written_at, n.id


-- name: recent_changes(lead, count)
-- What changed lately, newest first. :lead also one that was merged (null: all)
SELECT h.*, coalesce(r.name, c.name) AS name
FROM lead_changes AS h JOIN lead_records AS r ON r.id = h.lead_id JOIN contacts AS c ON c.id = r.contact_id
WHERE r.deleted_at IS NULL
  AND (:lead::uuid IS NULL OR h.lead_id = coalesce((SELECT a.lead_id FROM lead_aliases AS a
      WHERE a.old_id = :lead), :lead))
ORDER BY h.id DESC LIMIT :count
