-- name: insert_sign_in_step(token_hash, user_id, nonce, verifier)
WITH old AS (DELETE FROM sign_in_steps WHERE made_at < now() - interval '15 minutes')
INSERT INTO sign_in_steps (token_hash, user_id, nonce, verifier) VALUES (:token_hash, :user_id, :nonce, :verifier)


-- name: sign_in_step_of_code(token_hash)
SELECT s.user_id, u.code_secret
FROM sign_in_steps AS s JOIN users AS u ON u.id = s.user_id
WHERE s.token_hash = :token_hash AND s.made_at > now() - interval '15 minutes'
  AND u.disabled_at IS NULL AND u.code_confirmed_at IS NOT NULL


-- name: count_code_try(token_hash, user_id)
-- How many codes were tried for the user within a quarter of an hour, with this one. The update waits for its like.
WITH this AS (UPDATE sign_in_steps SET tries = tries + 1 WHERE token_hash = :token_hash RETURNING tries)
SELECT (SELECT tries FROM this) + coalesce(sum(s.tries) FILTER (WHERE s.token_hash <> :token_hash), 0)
FROM sign_in_steps AS s WHERE s.user_id = :user_id AND s.made_at > now() - interval '15 minutes'


-- name: delete_sign_in_step(token_hash)
DELETE FROM sign_in_steps WHERE token_hash = :token_hash


-- name: propose_code_secret(id, secret)
-- The one that is proposed already stays, so that a picture that was scanned fits however often the page is opened.
UPDATE users SET code_secret = coalesce(code_secret, :secret) WHERE id = :id RETURNING code_secret


-- name: code_secret(id)
SELECT code_secret FROM users WHERE id = :id


-- name: confirm_code_secret(id)
UPDATE users SET code_confirmed_at = now() WHERE id = :id AND code_secret IS NOT NULL


-- name: remove_code_secret(name)
UPDATE users SET code_secret = NULL, code_confirmed_at = NULL, code_step = NULL
WHERE name = :name AND code_secret IS NOT NULL RETURNING id


-- name: use_code(id, step)
-- No code counts twice, and none that is older than the last one.
UPDATE users SET code_step = :step WHERE id = :id AND (code_step IS NULL OR code_step < :step) RETURNING id


-- name: has_second_factor(id)
SELECT code_confirmed_at IS NOT NULL FROM users WHERE id = :id
