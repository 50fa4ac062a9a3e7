-- $1 before, $2 how many
SELECT id, contact_id FROM messages WHERE sent_at < $1 LIMIT $2
