-- name: delivery_days
-- The days that have a partition of their own.
SELECT c.relname AS name, to_date(right(c.relname, 8), 'YYYYMMDD') AS day
FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
WHERE i.inhparent = 'deliveries'::regclass AND c.relname ~ '^deliveries_[0-9]{8}$'
ORDER BY day


-- name: stray_days
-- The days (UTC) of what landed in the DEFAULT partition.
SELECT DISTINCT (received_at AT TIME ZONE 'UTC')::date AS day FROM deliveries_default


-- name: create_delivery_day
-- One day of deliveries (UTC), with what had to go to the DEFAULT partition meanwhile. {name}, {day} and {next} are made
-- from dates alone. One transaction.
LOCK TABLE deliveries_default IN ACCESS EXCLUSIVE MODE;
CREATE TABLE {name} (LIKE deliveries INCLUDING CONSTRAINTS INCLUDING INDEXES INCLUDING DEFAULTS);
WITH moved AS (
    DELETE FROM deliveries_default WHERE received_at >= '{day} 00:00+00' AND received_at < '{next} 00:00+00' RETURNING *
)
INSERT INTO {name} SELECT * FROM moved;
ALTER TABLE deliveries ATTACH PARTITION {name} FOR VALUES FROM ('{day} 00:00+00') TO ('{next} 00:00+00');


-- name: keep_dead_bodies(day)
-- Before a day of deliveries is dropped: the bytes that dead letters need go into the first letter of each delivery.
UPDATE dead_letters AS l SET body = d.body
FROM deliveries AS d
WHERE d.received_at >= :day::date::timestamp AT TIME ZONE 'UTC'
  AND d.received_at < (:day::date + 1)::timestamp AT TIME ZONE 'UTC'
  AND l.received_at = d.received_at AND l.delivery_id = d.id
  AND NOT EXISTS (SELECT FROM dead_letters AS k WHERE k.delivery_id = l.delivery_id
                  AND (k.position < l.position OR k.body IS NOT NULL))


-- name: close_delivery_day(day)
-- The books of one day, before its deliveries go.
INSERT INTO delivery_days (day, deliveries, events, applied, ignored, dead)
SELECT :day::date, count(*), coalesce(sum(events), 0), coalesce(sum(applied), 0), coalesce(sum(ignored), 0),
       coalesce(sum(dead), 0)
FROM deliveries
WHERE received_at >= :day::date::timestamp AT TIME ZONE 'UTC'
  AND received_at < (:day::date + 1)::timestamp AT TIME ZONE 'UTC'
ON CONFLICT (day) DO UPDATE SET
    deliveries = delivery_days.deliveries + excluded.deliveries, events = delivery_days.events + excluded.events,
    applied = delivery_days.applied + excluded.applied, ignored = delivery_days.ignored + excluded.ignored,
    dead = delivery_days.dead + excluded.dead


-- name: drop_delivery_day
-- {name} is the name of a partition that the catalogue gave us.
DROP TABLE {name}


-- name: deliveries_page(since, until, event, source, after, after_id, count, most_bytes)
-- The next stored deliveries of a window, by time and id: as many as fit, at least one. :event or null, :source or
-- null, :after this time, :after_id and this id, :most_bytes how many bytes of bodies
SELECT id, received_at, event, idempotency_key, version, body, source
FROM (
    SELECT id, received_at, event, idempotency_key, version, body, source,
           sum(octet_length(body)) OVER (ORDER BY received_at, id) - octet_length(body) AS bytes_before
    FROM (
        SELECT id, received_at, event, idempotency_key, version, body, source
        FROM deliveries
        WHERE received_at >= :since::timestamptz AND received_at < :until::timestamptz
          AND (:event::text IS NULL OR event = :event) AND (:source::text IS NULL OR source = :source)
          AND (received_at, id) > (:after::timestamptz, :after_id::uuid)
        ORDER BY received_at, id
        LIMIT :count
    ) AS next
) AS counted
WHERE bytes_before < :most_bytes
ORDER BY received_at, id


-- name: count_deliveries(since, until, event, source)
-- :event or null, :source or null
SELECT count(*)
FROM deliveries
WHERE received_at >= :since::timestamptz AND received_at < :until::timestamptz
  AND (:event::text IS NULL OR event = :event) AND (:source::text IS NULL OR source = :source)


-- name: events_of_delivery(received_at, id)
-- How many events the books say that a delivery has; nothing once its day is dropped.
SELECT events FROM deliveries WHERE received_at = :received_at AND id = :id
