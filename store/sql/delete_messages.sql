-- $1 ids
DELETE FROM messages WHERE id = ANY ($1::text[])
