-- $1 name
SELECT id, password_hash FROM users WHERE name = $1 AND disabled_at IS NULL
