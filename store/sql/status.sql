-- What was settled lately.
-- $1 since when
SELECT count(*) FILTER (WHERE source = 'push') AS settled,
       coalesce(sum(applied), 0)::bigint AS applied,
       coalesce(sum(ignored), 0)::bigint AS ignored,
       coalesce(sum(dead), 0)::bigint AS dead,
       max(received_at) FILTER (WHERE source = 'push') AS last_received_at,
       max(settled_at) AS last_settled_at,
       count(*) FILTER (WHERE source = 'push' AND received_at > now() - interval '1 minute') AS last_minute,
       percentile_cont(ARRAY [0.5, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM settled_at - received_at) * 1000)
           FILTER (WHERE source = 'push' AND received_at > now() - interval '1 minute') AS freshness_ms
FROM deliveries
WHERE received_at > $1::timestamptz
