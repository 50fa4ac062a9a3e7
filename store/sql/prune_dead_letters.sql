-- $1 before
WITH gone AS (DELETE FROM dead_letters WHERE last_failed_at < $1 RETURNING 1) SELECT count(*) FROM gone
