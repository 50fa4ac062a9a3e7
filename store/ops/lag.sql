-- name: take_lag_sample(waiting, oldest)
-- `at` is rounded down to ten seconds, so that only one of two workers inserts the sample. The percentiles cover
-- deliveries received in the last minute; one that takes longer shows in oldest_seconds while it waits. :waiting how
-- many wait in the streams, :oldest the age of the oldest of them in seconds
WITH pruned AS (
    DELETE FROM lag_samples WHERE at < now() - interval '8 days'
), spilled AS (
    SELECT count(*) AS deliveries, coalesce(extract(epoch FROM now() - min(received_at)), 0) AS oldest FROM spill
), settled AS (
    SELECT count(*) AS deliveries, coalesce(sum(events), 0) AS events, coalesce(sum(dead), 0) AS dead,
        percentile_cont(ARRAY [0.5, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM settled_at - received_at) * 1000)
            FILTER (WHERE source = 'push') AS ours
    FROM deliveries
    WHERE received_at > now() - interval '1 minute' AND settled_at > now() - interval '10 seconds'
)
INSERT INTO lag_samples (at, deliveries, events, dead, waiting, oldest_seconds, ours_p50_ms, ours_p99_ms,
                         kapso_seconds, ai_seconds)
SELECT date_bin('10 seconds', now(), 'epoch'), s.deliveries, s.events, s.dead, :waiting + p.deliveries,
    greatest(:oldest::float8, p.oldest), s.ours[1], s.ours[2],
    (SELECT max(d.kapso_seconds) FROM drains AS d WHERE d.seen_at > now() - interval '10 seconds'),
    (SELECT extract(epoch FROM now() - min(c.heard_at)) FROM contacts AS c JOIN lead_records AS r ON r.contact_id = c.id
     WHERE c.heard_lately AND c.heard_at > now() - interval '1 hour' AND (r.read_to IS NULL OR r.read_to < c.heard_at))
FROM settled AS s, spilled AS p
ON CONFLICT (at) DO NOTHING


-- name: lag_samples(back, step)
-- The worst of each :step (an interval, ten seconds at least) of the last :back, the oldest first.
SELECT date_bin(:step::interval, s.at, 'epoch') AS at, max(s.ours_p99_ms) AS ours_p99_ms,
    max(s.kapso_seconds) AS kapso_seconds, max(s.ai_seconds) AS ai_seconds, max(s.oldest_seconds) AS oldest_seconds,
    max(s.waiting) AS waiting, sum(s.deliveries) AS deliveries, sum(s.dead) AS dead
FROM lag_samples AS s WHERE s.at > now() - :back::interval
GROUP BY date_bin(:step::interval, s.at, 'epoch') ORDER BY 1
