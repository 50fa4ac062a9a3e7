-- A drain is alive, and how far it has come.
-- $1 shard, $2 complete to, $3 how late Kapso was, or null
INSERT INTO drains AS d (shard, complete_to, seen_at, kapso_seconds) VALUES ($1, $2, now(), $3)
ON CONFLICT (shard) DO UPDATE SET
    complete_to = greatest(d.complete_to, excluded.complete_to), seen_at = now(),
    kapso_seconds = coalesce(excluded.kapso_seconds, d.kapso_seconds)
