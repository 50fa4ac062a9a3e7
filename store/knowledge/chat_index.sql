-- name: delete_chat_passages(lead_id, place)
DELETE FROM passages AS p USING unnest(:lead_id::uuid[], :place::integer[]) AS v (lead_id, place)
WHERE p.lead_id = v.lead_id AND p.place = v.place


-- name: put_chat_passages(lead_id, place, message_id, text)
-- What was said in chats, where it is new or says something else than before; ids of those come back. :message_id first
-- message's id
INSERT INTO passages (lead_id, place, message_id, text)
SELECT * FROM unnest(:lead_id::uuid[], :place::integer[], :message_id::text[], :text::text[])
ON CONFLICT (lead_id, place) DO UPDATE SET message_id = excluded.message_id, text = excluded.text
RETURNING id


-- name: leads_to_index(count)
-- The next leads whose chats are indexed in full; no rows while another process runs this. Waits for locks on these
-- leads: their holder may be indexing the newest messages of the same chat.
SELECT r.id, r.contact_id
FROM (SELECT indexed_to FROM chat_index FOR UPDATE SKIP LOCKED) AS i
    CROSS JOIN LATERAL (SELECT k.id, k.contact_id FROM lead_records AS k WHERE k.id > i.indexed_to
                        ORDER BY k.id LIMIT :count FOR NO KEY UPDATE) AS r


-- name: move_chat_index(lead_id)
UPDATE chat_index SET indexed_to = :lead_id


-- name: chat_passages(lead_ids)
-- What is known to have been said in chats; a hash stands for the words.
SELECT lead_id, place, message_id, md5(text) AS hash FROM passages WHERE lead_id = ANY (:lead_ids::uuid[])


-- name: said_by_contacts(contact_ids, messages)
-- What each customer said, oldest first. :messages how many messages of each, the newest
SELECT t.contact_id, m.id, m.text, m.sent_at
FROM unnest(:contact_ids::uuid[]) AS t (contact_id)
CROSS JOIN LATERAL (
    SELECT m.id, coalesce(m.text, m.transcript) AS text, m.sent_at,
        coalesce(m.first_received_at, '-infinity') AS received_rank
    FROM messages AS m
    WHERE m.contact_id = t.contact_id AND m.direction = 'inbound' AND coalesce(m.text, m.transcript) <> ''
      AND m.revoked_at IS NULL
    ORDER BY m.sent_at DESC NULLS LAST, coalesce(m.first_received_at, '-infinity') DESC, m.id DESC LIMIT :messages
) AS m
ORDER BY t.contact_id, m.sent_at NULLS FIRST, m.received_rank, m.id
