-- The cursor of that name, begun where the mirror began when it is new.
-- $1 name
INSERT INTO cursors AS c (name, complete_to) SELECT $1, began_at FROM mirror
ON CONFLICT (name) DO UPDATE SET name = c.name
RETURNING complete_to, reading_to, page
