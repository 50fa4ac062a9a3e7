-- name: prune_dead_letters(before)
-- All letters of a delivery go together: one of them may hold the bytes for all.
WITH gone AS (
    DELETE FROM dead_letters AS d
    WHERE d.last_failed_at < :before
      AND NOT EXISTS (SELECT FROM dead_letters AS k WHERE k.delivery_id = d.delivery_id AND k.last_failed_at >= :before)
    RETURNING 1
)
SELECT count(*) FROM gone


-- name: old_leads(before)
-- Contacts of whom, and of whose lead, nothing has been heard since.
SELECT r.contact_id FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
WHERE greatest(c.last_message_at, c.heard_at, r.changed_at) < :before


-- name: is_old_lead(contact_id, before)
SELECT greatest(c.last_message_at, c.heard_at, r.changed_at) < :before
FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id WHERE c.id = :contact_id


-- name: count_old(messages_before, dead_letters_before, leads_before)
-- How many messages, dead letters and leads are older than these times. A null time counts none.
SELECT (SELECT count(*) FROM messages WHERE sent_at < :messages_before OR (sent_at IS NULL
            AND coalesce(delivered_at, read_at, failed_at, edited_at, revoked_at, first_received_at) < :messages_before)),
       (SELECT count(*) FROM dead_letters AS d
        WHERE d.last_failed_at < :dead_letters_before
          AND NOT EXISTS (SELECT FROM dead_letters AS k WHERE k.delivery_id = d.delivery_id
              AND k.last_failed_at >= :dead_letters_before)),
       (SELECT count(*) FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
        WHERE greatest(c.last_message_at, c.heard_at, r.changed_at) < :leads_before)


-- name: old_messages(before, count)
-- A message that was never sent, or whose original is unknown, is as old as what is known of it.
SELECT id, contact_id FROM messages
WHERE sent_at < :before OR (sent_at IS NULL
    AND coalesce(delivered_at, read_at, failed_at, edited_at, revoked_at, first_received_at) < :before)
LIMIT :count


-- name: delete_messages(ids)
-- With their edits.
WITH edits AS (
    DELETE FROM message_edits WHERE message_id = ANY (:ids::text[])
)
DELETE FROM messages WHERE id = ANY (:ids::text[])
