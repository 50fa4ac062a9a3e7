-- A drain is alive, and how far it has come.
-- $1 shard, $2 complete to
INSERT INTO drains AS d (shard, complete_to, seen_at) VALUES ($1, $2, now())
ON CONFLICT (shard) DO UPDATE SET complete_to = greatest(d.complete_to, excluded.complete_to), seen_at = now()
