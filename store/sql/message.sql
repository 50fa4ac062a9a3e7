-- $1 id of a message
SELECT id, conversation_id, contact_id, direction, type, text, transcript, media_url, content, reply_to_id, origin,
    status, sent_at, delivered_at, read_at, failed_at, error
FROM messages WHERE id = $1
