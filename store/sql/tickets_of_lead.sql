-- $1 lead id
SELECT t.* FROM tickets AS t JOIN conversations AS v ON v.id = t.conversation_id
    JOIN lead_records AS r ON r.contact_id = v.contact_id
WHERE r.id = $1 ORDER BY t.solved_at IS NOT NULL, t.id DESC LIMIT 10
