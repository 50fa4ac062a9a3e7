-- How customers feel now, where that is other than last time; the conversation is that of the message.
-- $1 message id, $2 sentiment, $3 actor
INSERT INTO conversation_sentiments (conversation_id, message_id, sentiment, actor)
SELECT m.conversation_id, m.id, v.sentiment, v.actor
FROM unnest($1::text[], $2::text[], $3::text[]) AS v (message_id, sentiment, actor)
    JOIN messages AS m ON m.id = v.message_id
    JOIN conversations AS t ON t.id = m.conversation_id
WHERE v.sentiment IS DISTINCT FROM (SELECT h.sentiment FROM conversation_sentiments AS h
                                    WHERE h.conversation_id = m.conversation_id ORDER BY h.read_at DESC LIMIT 1)
ON CONFLICT (conversation_id, message_id) DO UPDATE SET
    sentiment = excluded.sentiment, actor = excluded.actor, read_at = excluded.read_at
