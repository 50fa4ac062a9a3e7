-- $1 name, $2 what is the matter and what to do
INSERT INTO alarms AS a (name, what) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET what = excluded.what, seen_at = now()
