-- The newest messages of a person, or those before one. $1 contact id, $2 how many, $3 before this message's sent_at,
-- $4 and its id, or null
SELECT id, conversation_id, contact_id, direction, type, text, transcript, media_url, content, reply_to_id, origin,
    status, sent_at, delivered_at, read_at, failed_at, error
FROM messages
WHERE contact_id = $1 AND ($3::timestamptz IS NULL OR (coalesce(sent_at, '-infinity'), id) < ($3, $4))
ORDER BY sent_at DESC NULLS LAST, id DESC LIMIT $2
