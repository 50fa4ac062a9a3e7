-- $1 contact id
SELECT first_seen_at FROM contacts WHERE id = $1
