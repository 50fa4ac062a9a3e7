-- $1 name
DELETE FROM alarms WHERE name = $1
