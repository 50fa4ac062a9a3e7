-- The days (UTC) of what landed in the DEFAULT partition.
SELECT DISTINCT (received_at AT TIME ZONE 'UTC')::date AS day FROM deliveries_default
