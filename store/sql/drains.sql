-- Each drain: when it was last seen, how far it has come, how late Kapso was.
SELECT shard, extract(epoch FROM now() - seen_at)::float8 AS seen_seconds, complete_to, kapso_seconds
FROM drains ORDER BY shard
