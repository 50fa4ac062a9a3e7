-- Dead letters that nobody has looked after, by kind.
SELECT error_kind AS kind, count(*) AS open, extract(epoch FROM now() - min(first_failed_at))::float8 AS oldest_seconds,
       (array_agg(error ORDER BY last_failed_at DESC))[1] AS newest
FROM dead_letters WHERE state = 'open'
GROUP BY error_kind
ORDER BY max(last_failed_at) DESC
