-- Messages that name nobody belong to the contact of their conversation; says whose they were and whose they are now.
-- $1 conversation ids
WITH strays AS (
    SELECT m.id, m.contact_id AS old_id, c.contact_id AS new_id
    FROM conversations AS c JOIN messages AS m ON m.conversation_id = c.id
    WHERE c.id = ANY ($1::uuid[]) AND m.named_as IS NULL AND m.contact_id IS DISTINCT FROM c.contact_id
    ORDER BY m.id
    FOR UPDATE OF m
)
UPDATE messages AS m SET contact_id = s.new_id
FROM strays AS s
WHERE m.id = s.id
RETURNING s.old_id, s.new_id
