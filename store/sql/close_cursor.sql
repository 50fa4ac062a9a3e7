-- The window was read to its end.
-- $1 name, $2 complete to
UPDATE cursors SET complete_to = greatest(complete_to, $2), reading_to = NULL, page = NULL, moved_at = now()
WHERE name = $1
