-- By cause, the largest group first.
-- $1..$7 filter
SELECT fingerprint, error_kind, error, array_agg(DISTINCT coalesce(event, 'no event')) AS events, count(*) AS letters,
       min(first_failed_at) AS first_failed_at, max(last_failed_at) AS last_failed_at, min(id) AS example
FROM matching_dead_letters($1, $2, $3, $4, $5, $6, $7)
GROUP BY fingerprint, error_kind, error
ORDER BY letters DESC, fingerprint
