-- $1 ids
DELETE FROM contacts WHERE id = ANY ($1::uuid[])
