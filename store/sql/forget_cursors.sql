-- Cursors of numbers and workflows that are not asked for any more; one that comes back begins anew.
-- $1 those that are
DELETE FROM cursors WHERE name LIKE '%:%' AND name <> ALL ($1::text[])
