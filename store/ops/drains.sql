-- name: report_drain(shard, complete_to, kapso_seconds)
-- A drain is alive, and how far it has come. :kapso_seconds how late Kapso was, or null
INSERT INTO drains AS d (shard, complete_to, seen_at, kapso_seconds) VALUES (:shard, :complete_to, now(),
    :kapso_seconds)
ON CONFLICT (shard) DO UPDATE SET
    complete_to = greatest(d.complete_to, excluded.complete_to), seen_at = now(),
    kapso_seconds = coalesce(excluded.kapso_seconds, d.kapso_seconds)


-- name: forget_drains(total)
-- Streams that are there no longer. :total how many there are
DELETE FROM drains WHERE shard >= :total
