-- name: open_watermarks
SELECT shard, epoch, accepted FROM inbox_watermarks WHERE closed_at IS NULL


-- name: report_accepted(shards, epochs, numbers)
-- How far a receiver's deliveries were accepted. A closed epoch may still grow: the receiver knew before it was closed.
INSERT INTO inbox_watermarks AS w (shard, epoch, accepted)
SELECT * FROM unnest(:shards::integer[], :epochs::text[], :numbers::bigint[])
ON CONFLICT (shard, epoch) DO UPDATE SET accepted = greatest(w.accepted, excluded.accepted),
    accepted_at = excluded.accepted_at
WHERE w.judged_at IS NULL


-- name: report_settled(shard, epoch, number, accepted_at)
-- How far a drain has settled a stream. An epoch that was closed with kept > 0 may have given out numbers twice: its
-- settled number no longer changes. :accepted_at when Redis accepted it
UPDATE inbox_watermarks SET settled = greatest(settled, :number), settled_to = greatest(settled_to, :accepted_at)
WHERE shard = :shard AND epoch = :epoch AND coalesce(kept, 0) = 0


-- name: close_watermark(shard, epoch, up_to)
-- Redis shows less than was accepted in this epoch. :up_to the number up to which Redis has it still; 0: it has nothing
-- of it
UPDATE inbox_watermarks SET closed_at = clock_timestamp(), kept = :up_to
WHERE shard = :shard AND epoch = :epoch AND closed_at IS NULL


-- name: judge_watermarks(seconds)
-- What was accepted in epochs that are closed, and neither kept nor settled by now, is lost. It was accepted after the
-- last one that was settled, and before the loss was noticed, or a minute after the last report. In an epoch of which
-- Redis kept a part, numbers may have been given out twice: what is reported as settled may be other deliveries.
-- Everything behind that part counts then, and the window begins well before the last report. :seconds closed at least
-- so many seconds ago: a batch that a drain had in hand is settled by then
WITH judged AS (
    UPDATE inbox_watermarks SET judged_at = now()
    WHERE closed_at < now() - make_interval(secs => :seconds) AND judged_at IS NULL
    RETURNING shard, accepted - CASE WHEN kept > 0 THEN kept ELSE settled END AS lost,
        least(coalesce(settled_to, to_timestamp(epoch::double precision / 1000000)),
              CASE WHEN kept > 0 THEN accepted_at - interval '10 minutes' END) AS since,
        least(closed_at, accepted_at + interval '1 minute') AS until
)
INSERT INTO inbox_losses (shard, since, until, deliveries)
SELECT shard, least(since, until), until, lost FROM judged WHERE lost > 0


-- name: insert_loss(shard, epoch, count)
-- Entries disappeared from a stream, and nobody has settled them.
INSERT INTO inbox_losses (shard, since, until, deliveries)
SELECT :shard, least(coalesce(w.settled_to, to_timestamp(:epoch::text::double precision / 1000000)), clock_timestamp()),
    clock_timestamp(), :count
FROM (SELECT) AS one LEFT JOIN inbox_watermarks AS w ON w.shard = :shard AND w.epoch = :epoch


-- name: losses(open_only)
-- Losses of accepted deliveries, the newest first. :open_only only those that nobody has acknowledged
SELECT id, noticed_at, shard, since, until, deliveries, repaired_at, missing, acknowledged_at, acknowledged_by
FROM inbox_losses
WHERE NOT :open_only::boolean OR acknowledged_at IS NULL
ORDER BY id DESC
LIMIT 100


-- name: repair_loss(id, missing)
-- :missing how many rows were missing
UPDATE inbox_losses SET repaired_at = now(), missing = :missing WHERE id = :id


-- name: acknowledge_losses(who)
UPDATE inbox_losses SET acknowledged_at = now(), acknowledged_by = :who WHERE acknowledged_at IS NULL


-- name: prune_watermarks(before)
-- Epochs that are over, and old losses that somebody has acknowledged.
WITH gone AS (DELETE FROM inbox_watermarks WHERE judged_at < :before)
DELETE FROM inbox_losses WHERE acknowledged_at < :before
