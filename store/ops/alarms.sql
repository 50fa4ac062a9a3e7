-- name: raise_alarm(name, text)
-- :text what is the matter and what to do
INSERT INTO alarms AS a (name, what) VALUES (:name, :text)
ON CONFLICT (name) DO UPDATE SET what = excluded.what, seen_at = now()


-- name: clear_alarm(name)
DELETE FROM alarms WHERE name = :name


-- name: forget_alarms(prefix, seconds)
-- Alarms of a kind that nobody has renewed: the process that raised them has ended. :prefix how their names begin,
-- :seconds for how long
DELETE FROM alarms WHERE starts_with(name, :prefix) AND seen_at < now() - :seconds::interval


-- name: alarms
-- What needs a person, the oldest first.
SELECT name, what, raised_at FROM alarms ORDER BY raised_at, name


-- name: incidents(back)
-- Alarms that stood at some time of the last :back, the oldest first; ended_at is null for those that stand now.
SELECT i.name, i.what, i.began_at, i.ended_at FROM incidents AS i WHERE i.ended_at > now() - :back::interval
UNION ALL
SELECT a.name, a.what, a.raised_at, NULL FROM alarms AS a
ORDER BY began_at, name
