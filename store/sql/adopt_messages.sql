-- Messages that name nobody belong to the contact of their conversation; says whose they are now.
-- $1 conversation ids
UPDATE messages AS m SET contact_id = c.contact_id
FROM conversations AS c
WHERE c.id = ANY ($1::uuid[]) AND m.conversation_id = c.id AND m.named_as IS NULL
  AND m.contact_id IS DISTINCT FROM c.contact_id
RETURNING m.contact_id
