-- $1 name, $2 address; the try that asks is counted among them
SELECT count(*) FILTER (WHERE name = $1) > 10 OR count(*) FILTER (WHERE address = $2) > 50
FROM login_failures WHERE at > now() - interval '15 minutes' AND (name = $1 OR address = $2)
