-- One order of locks for everybody who writes what belongs to a contact.
-- $1 ids
SELECT id FROM contacts WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE
