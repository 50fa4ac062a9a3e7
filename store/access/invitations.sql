-- name: insert_invitation(token_hash, name, made_by, lifetime)
-- Replaces the user's earlier invitation.
INSERT INTO invitations (token_hash, user_id, made_by, expires_at)
SELECT :token_hash, u.id, :made_by, now() + :lifetime FROM users AS u WHERE u.name = :name
ON CONFLICT (user_id) DO UPDATE SET token_hash = excluded.token_hash, made_by = excluded.made_by, made_at = now(),
    expires_at = excluded.expires_at


-- name: forget_password(id, no_password)
UPDATE users SET password_hash = :no_password, subject = NULL WHERE id = :id


-- name: invitation(token_hash)
SELECT u.name, u.role, u.email FROM invitations AS i JOIN users AS u ON u.id = i.user_id
WHERE i.token_hash = :token_hash AND i.expires_at > now() AND u.disabled_at IS NULL


-- name: accept_invitation(token_hash, password_hash)
UPDATE users AS u SET password_hash = :password_hash
FROM invitations AS i
WHERE i.token_hash = :token_hash AND i.expires_at > now() AND u.id = i.user_id AND u.disabled_at IS NULL
RETURNING u.id, u.name, u.role, u.created_at
