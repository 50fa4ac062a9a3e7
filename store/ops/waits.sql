-- name: read_only
SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean


-- name: blocked(seconds)
-- Statements of the mirror that wait for a lock, and who holds it. Another user's state is null without the right to
-- see it. :seconds for at least so many seconds
SELECT extract(epoch FROM now() - w.query_start)::float8 AS waited_seconds, h.pid AS holder,
    h.application_name AS application, h.usename AS role, h.state,
    extract(epoch FROM now() - h.state_change)::float8 AS state_seconds
FROM pg_stat_activity AS w
    CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS b (pid)
    LEFT JOIN pg_stat_activity AS h ON h.pid = b.pid
WHERE w.datname = current_database() AND w.application_name = 'kapso-mirror' AND w.wait_event_type = 'Lock'
  AND w.query_start < now() - make_interval(secs => :seconds)
ORDER BY w.query_start
LIMIT 5


-- name: idle_transactions(seconds)
-- Sessions that keep a transaction open without doing anything. :seconds for at least so many seconds
SELECT pid, application_name AS application, usename AS role, extract(epoch
    FROM now() - state_change)::float8 AS seconds
FROM pg_stat_activity
WHERE datname = current_database() AND state LIKE 'idle in transaction%'
  AND state_change < now() - make_interval(secs => :seconds)
ORDER BY state_change
LIMIT 5


-- name: end_stalled(seconds)
-- Sessions of the mirror whose client stopped in the midst of asking: Postgres calls them active, so that none of its
-- time-outs ends them, and they keep their locks. The mirror's own sessions need no further right to be ended.
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'kapso-mirror' AND usename = current_user
  AND state = 'active' AND wait_event = 'ClientRead' AND state_change < now() - make_interval(secs => :seconds)


-- name: end_session(pid)
SELECT pg_terminate_backend(:pid)
