-- Messages that name nobody belong to the contact of their conversation; says whose they were and whose they are now.
-- $1 conversation ids
WITH strays AS (
    SELECT m.id, m.contact_id AS old_id, c.contact_id AS new_id
    FROM unnest($1::uuid[]) AS t (id)
        CROSS JOIN LATERAL (
            -- OFFSET keeps the conversation first: it leads into the index, whatever the planner thinks of its size.
            SELECT n.id, n.contact_id FROM messages AS n
            WHERE n.conversation_id = t.id AND n.named_as IS NULL OFFSET 0) AS m
        JOIN conversations AS c ON c.id = t.id
    WHERE m.contact_id IS DISTINCT FROM c.contact_id
)
UPDATE messages AS m SET contact_id = s.new_id
FROM strays AS s
WHERE m.id = s.id
RETURNING s.old_id, s.new_id
