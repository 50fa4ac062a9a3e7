-- A page was written: go on behind it.
-- $1 name, $2 reading to, $3 page
UPDATE cursors SET reading_to = $2, page = $3, moved_at = now() WHERE name = $1
