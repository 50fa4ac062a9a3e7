-- Old ones go with each new one. $1 name, $2 address
WITH old AS (DELETE FROM login_failures WHERE at < now() - interval '1 hour')
INSERT INTO login_failures (name, address) VALUES ($1, $2) RETURNING id
