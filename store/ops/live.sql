-- name: newest_change
-- Changes whenever a transaction of this server begins to write or ends, and costs no look at any table.
SELECT pg_current_snapshot()::text
