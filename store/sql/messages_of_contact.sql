-- The newest messages of a person. $1 contact id, $2 how many
SELECT id, conversation_id, direction, type, text, transcript, media_url, content, reply_to_id, origin, status,
    sent_at, delivered_at, read_at, failed_at, error
FROM messages WHERE contact_id = $1
ORDER BY sent_at DESC NULLS LAST, id DESC LIMIT $2
