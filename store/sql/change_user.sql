-- $1 name, $2 role, $3 password hash, $4 disabled; null leaves it
WITH changed AS (
    UPDATE users SET
        role = coalesce($2, role), password_hash = coalesce($3, password_hash),
        disabled_at = CASE WHEN $4 THEN coalesce(disabled_at, now()) WHEN NOT $4 THEN NULL ELSE disabled_at END
    WHERE name = $1 RETURNING id
), ended AS (
    DELETE FROM sessions WHERE user_id IN (SELECT id FROM changed)
)
SELECT id FROM changed
