-- The newest run of each kind, and what the runs of the last day found together.
SELECT DISTINCT ON (kind) kind, ended_at, checked, error,
       sum(missing) OVER day AS missing, sum(late) OVER day AS late,
       sum((SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(repaired))) OVER day AS repaired
FROM reconcile_runs
WHERE ended_at > now() - interval '1 day'
WINDOW day AS (PARTITION BY kind)
ORDER BY kind, ended_at DESC
