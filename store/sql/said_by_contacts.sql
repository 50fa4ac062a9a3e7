-- What each customer said, oldest first. $1 contact ids, $2 how many messages of each, the newest
SELECT t.contact_id, m.id, m.text, m.sent_at
FROM unnest($1::uuid[]) AS t (contact_id)
CROSS JOIN LATERAL (
    SELECT m.id, coalesce(m.text, m.transcript) AS text, m.sent_at
    FROM messages AS m
    WHERE m.contact_id = t.contact_id AND m.direction = 'inbound' AND coalesce(m.text, m.transcript) <> ''
    ORDER BY m.sent_at DESC NULLS LAST, m.id DESC LIMIT $2
) AS m
ORDER BY t.contact_id, m.sent_at NULLS FIRST, m.id
