-- What needs a person, the oldest first.
SELECT name, what, raised_at FROM alarms ORDER BY raised_at, name
