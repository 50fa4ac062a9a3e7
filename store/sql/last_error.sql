-- The newest dead letter that nobody has looked after.
SELECT error_kind, error, last_failed_at, count(*) OVER () AS open
FROM dead_letters WHERE state = 'open'
ORDER BY last_failed_at DESC LIMIT 1
