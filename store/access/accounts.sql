-- name: insert_user(name, role, password_hash, email)
INSERT INTO users (name, role, password_hash, email) VALUES (:name, :role, :password_hash, :email)
RETURNING id, name, role, created_at


-- name: lock_admins
-- Serializes changes that could remove an admin: two admins cannot demote each other at the same time.
SELECT pg_advisory_xact_lock(7209322)


-- name: is_last_admin(name, no_password)
-- Counts only admins who can sign in: with a password, by single sign-on, or by an invitation that is still valid.
SELECT count(*) = 1 AND bool_or(u.name = :name) FROM users AS u
WHERE u.role = 'admin' AND u.disabled_at IS NULL AND (u.password_hash <> :no_password OR u.subject IS NOT NULL
    OR EXISTS (SELECT FROM invitations AS i WHERE i.user_id = u.id AND i.expires_at > now()))


-- name: lock_user(name)
SELECT id FROM users WHERE name = :name FOR UPDATE


-- name: change_user(id, role, password_hash, disabled)
-- A null parameter leaves its column unchanged.
UPDATE users SET
    role = coalesce(:role, role), password_hash = coalesce(:password_hash, password_hash),
    disabled_at = CASE WHEN :disabled THEN coalesce(disabled_at, now()) WHEN NOT :disabled THEN NULL ELSE disabled_at END
WHERE id = :id


-- name: end_sign_ins(id, here, links)
-- Deletes the user's sessions (except the one of token :here, if given), the sign-ins that wait for a code, and, with
-- :links, the invitation. Run it after lock_user: it then sees every session that began before.
WITH ended AS (DELETE FROM sessions WHERE user_id = :id AND token_hash IS DISTINCT FROM :here),
waiting AS (DELETE FROM sign_in_steps WHERE user_id = :id)
DELETE FROM invitations WHERE user_id = :id AND :links


-- name: insert_login_failure(name, address)
-- Deletes failures older than one hour. The lock serializes the inserts of one address, so that a try counts every
-- earlier try from its address.
WITH old AS (DELETE FROM login_failures WHERE at < now() - interval '1 hour')
INSERT INTO login_failures (name, address)
SELECT :name, :address FROM (SELECT pg_advisory_xact_lock(7209320, hashtext(:address))) AS alone
RETURNING id


-- name: login_tries(name, address, this)
-- Wrong passwords of the last quarter of an hour, up to the try that asks. :this id of that try
SELECT count(*) FILTER (WHERE f.name = :name AND f.address = :address) AS here,
       count(*) FILTER (WHERE f.address = :address) AS of_address,
       count(*) FILTER (WHERE f.name = :name) AS of_name,
       EXISTS (SELECT FROM login_addresses AS a JOIN users AS u ON u.id = a.user_id
               WHERE u.name = :name AND a.address = :address) AS is_known
FROM login_failures AS f
WHERE f.at > now() - interval '15 minutes' AND f.id <= :this AND (f.name = :name OR f.address = :address)


-- name: delete_login_failure(id)
DELETE FROM login_failures WHERE id = :id


-- name: user_to_sign_in(name)
SELECT id, password_hash, code_secret IS NOT NULL AS needs_code FROM users WHERE name = :name AND disabled_at IS NULL


-- name: set_password(id, password_hash, checked, here)
-- Changes nothing if the password is no longer the one that was checked, or if the session of token :here has ended.
UPDATE users AS u SET password_hash = :password_hash
WHERE u.id = :id AND u.password_hash = :checked AND u.disabled_at IS NULL
  AND EXISTS (SELECT FROM sessions AS s WHERE s.user_id = u.id AND s.token_hash = :here)
RETURNING u.id


-- name: insert_session(token_hash, user_id, address, browser, checked)
-- Inserts nothing if the user is disabled or the password is no longer the one that was checked (null: none was). The row
-- lock makes it wait for a concurrent change of the user.
WITH old AS (DELETE FROM sessions WHERE NOT session_lives(created_at, seen_at)),
owner AS (
    SELECT u.id FROM users AS u
    WHERE u.id = :user_id AND u.disabled_at IS NULL AND (:checked::text IS NULL OR u.password_hash = :checked)
    FOR NO KEY UPDATE
)
INSERT INTO sessions (token_hash, user_id, address, browser) SELECT :token_hash, o.id, :address, :browser FROM owner AS o
RETURNING user_id


-- name: remember_address(user_id, address)
-- From there the user has signed in.
WITH old AS (DELETE FROM login_addresses WHERE seen_at < now() - interval '90 days')
INSERT INTO login_addresses (user_id, address) VALUES (:user_id, :address)
ON CONFLICT (user_id, address) DO UPDATE SET seen_at = now()


-- name: session_user(token_hash)
-- Whose session that is; `unnoted`: its use was not noted for a minute.
SELECT u.id, u.name, u.role, u.created_at, s.seen_at < now() - interval '1 minute' AS unnoted
FROM sessions AS s JOIN users AS u ON u.id = s.user_id
WHERE s.token_hash = :token_hash AND u.disabled_at IS NULL AND session_lives(s.created_at, s.seen_at)


-- name: note_session(token_hash)
UPDATE sessions SET seen_at = now() WHERE token_hash = :token_hash


-- name: delete_session(token_hash)
DELETE FROM sessions WHERE token_hash = :token_hash


-- name: users(no_password)
SELECT u.name, u.role, u.email, u.created_at, u.disabled_at, u.code_secret IS NOT NULL AS has_second_factor,
    u.subject IS NOT NULL AS has_single_sign_on, i.expires_at AS invited_until,
    u.password_hash <> :no_password AS has_password, s.seen_at, s.count AS sessions
FROM users AS u LEFT JOIN invitations AS i ON i.user_id = u.id AND i.expires_at > now()
CROSS JOIN LATERAL (
    SELECT max(s.seen_at) AS seen_at, count(*) FILTER (WHERE session_lives(s.created_at, s.seen_at)) AS count
    FROM sessions AS s WHERE s.user_id = u.id) AS s
ORDER BY u.name


-- name: sessions_of(name, here)
SELECT s.id, s.created_at, s.seen_at, s.address, s.browser, s.token_hash = :here AS here
FROM sessions AS s JOIN users AS u ON u.id = s.user_id
WHERE u.name = :name AND session_lives(s.created_at, s.seen_at)
ORDER BY s.seen_at DESC


-- name: end_sessions(name, id, but)
DELETE FROM sessions AS s USING users AS u
WHERE u.id = s.user_id AND u.name = :name AND (:id::bigint IS NULL OR s.id = :id)
  AND (:but::bytea IS NULL OR s.token_hash <> :but)
RETURNING s.id
