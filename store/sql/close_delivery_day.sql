-- The books of one day, before its deliveries go.
-- $1 day
INSERT INTO delivery_days (day, deliveries, events, applied, ignored, dead)
SELECT $1::date, count(*), coalesce(sum(events), 0), coalesce(sum(applied), 0), coalesce(sum(ignored), 0),
       coalesce(sum(dead), 0)
FROM deliveries
WHERE received_at >= $1::date::timestamp AT TIME ZONE 'UTC'
  AND received_at < ($1::date + 1)::timestamp AT TIME ZONE 'UTC'
ON CONFLICT (day) DO UPDATE SET
    deliveries = delivery_days.deliveries + excluded.deliveries, events = delivery_days.events + excluded.events,
    applied = delivery_days.applied + excluded.applied, ignored = delivery_days.ignored + excluded.ignored,
    dead = delivery_days.dead + excluded.dead
