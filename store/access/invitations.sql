-- name: insert_invitation(token_hash, name, made_by, lasts)
-- It takes the place of the one before.
INSERT INTO invitations (token_hash, user_id, made_by, expires_at)
SELECT :token_hash, u.id, :made_by, now() + :lasts FROM users AS u WHERE u.name = :name
ON CONFLICT (user_id) DO UPDATE SET token_hash = excluded.token_hash, made_by = excluded.made_by, made_at = now(),
    expires_at = excluded.expires_at
RETURNING user_id


-- name: forget_password(name, none)
WITH changed AS (UPDATE users SET password_hash = :none, subject = NULL WHERE name = :name RETURNING id),
stopped AS (DELETE FROM sign_in_steps WHERE user_id IN (SELECT id FROM changed))
DELETE FROM sessions WHERE user_id IN (SELECT id FROM changed)


-- name: invitation(token_hash)
SELECT u.name, u.role, u.email FROM invitations AS i JOIN users AS u ON u.id = i.user_id
WHERE i.token_hash = :token_hash AND i.expires_at > now() AND u.disabled_at IS NULL


-- name: accept_invitation(token_hash, password_hash)
WITH used AS (
    DELETE FROM invitations AS i USING users AS u
    WHERE i.token_hash = :token_hash AND i.expires_at > now() AND u.id = i.user_id AND u.disabled_at IS NULL
    RETURNING i.user_id
), ended AS (
    DELETE FROM sessions WHERE user_id IN (SELECT user_id FROM used)
), stopped AS (
    DELETE FROM sign_in_steps WHERE user_id IN (SELECT user_id FROM used)
)
UPDATE users SET password_hash = :password_hash WHERE id IN (SELECT user_id FROM used)
RETURNING id, name, role, created_at
