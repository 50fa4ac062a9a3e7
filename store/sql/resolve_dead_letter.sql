-- The letter was replayed; nothing comes back where that was known before.
-- $1 id
UPDATE dead_letters SET state = 'replayed' WHERE id = $1 AND state <> 'replayed' RETURNING id
