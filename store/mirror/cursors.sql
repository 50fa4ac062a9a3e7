-- name: began_at
-- When this mirror began.
SELECT began_at FROM mirror


-- name: open_cursor(name)
-- The cursor of that name, begun where the mirror began when it is new.
INSERT INTO cursors AS c (name, complete_to) SELECT :name, began_at FROM mirror
ON CONFLICT (name) DO UPDATE SET name = c.name
RETURNING complete_to, reading_to, page


-- name: move_cursor(name, reading_to, page)
-- A page was written: go on behind it.
UPDATE cursors SET reading_to = :reading_to, page = :page, moved_at = now() WHERE name = :name


-- name: close_cursor(name, complete_to)
-- The window was read to its end.
UPDATE cursors SET complete_to = greatest(complete_to, :complete_to), reading_to = NULL, page = NULL, moved_at = now()
WHERE name = :name


-- name: forget_cursors(there)
-- Delete cursors of numbers and workflows that are no longer polled; one that is polled again begins anew. :there names
-- of the cursors to keep
DELETE FROM cursors WHERE name LIKE '%:%' AND name <> ALL (:there::text[])


-- name: insert_gaps(phone_number_id, since, until, failed_at)
-- A window that was read again before its newest failure is open again.
INSERT INTO gaps AS g (phone_number_id, since, until, failed_at)
SELECT * FROM unnest(:phone_number_id::text[], :since::timestamptz[], :until::timestamptz[], :failed_at::timestamptz[])
ON CONFLICT (phone_number_id, since, until) DO UPDATE SET
    failed_at = excluded.failed_at, closed_at = CASE WHEN g.closed_at < excluded.failed_at THEN NULL
        ELSE g.closed_at END
WHERE g.failed_at < excluded.failed_at


-- name: open_gaps
-- Windows that nobody has read again yet.
SELECT phone_number_id, since, until, failed_at FROM gaps WHERE closed_at IS NULL ORDER BY phone_number_id, since


-- name: close_gaps(phone_number_id, since, until)
UPDATE gaps AS g SET closed_at = now()
FROM unnest(:phone_number_id::text[], :since::timestamptz[], :until::timestamptz[]) AS v (phone_number_id, since, until)
WHERE g.phone_number_id = v.phone_number_id AND g.since = v.since AND g.until = v.until
