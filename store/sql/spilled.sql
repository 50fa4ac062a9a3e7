-- What waits in the spill.
SELECT count(*) AS deliveries, coalesce(extract(epoch FROM now() - min(received_at)), 0)::float8 AS oldest_seconds
FROM spill
