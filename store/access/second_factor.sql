-- name: insert_sign_in_step(token_hash, user_id, password_hash)
WITH old AS (DELETE FROM sign_in_steps WHERE made_at < now() - interval '15 minutes')
INSERT INTO sign_in_steps (token_hash, user_id, password_hash) VALUES (:token_hash, :user_id, :password_hash)


-- name: sign_in_step(token_hash)
SELECT s.user_id, u.code_secret, s.password_hash
FROM sign_in_steps AS s JOIN users AS u ON u.id = s.user_id
WHERE s.token_hash = :token_hash AND s.made_at > now() - interval '15 minutes'
  AND u.disabled_at IS NULL AND u.code_secret IS NOT NULL


-- name: delete_sign_in_step(token_hash)
DELETE FROM sign_in_steps WHERE token_hash = :token_hash


-- name: count_code_try(id)
-- Counts a try, and returns the number of tries in the current window of 15 minutes.
UPDATE users SET
    code_tries = CASE WHEN code_tried_at > now() - interval '15 minutes' THEN code_tries + 1 ELSE 1 END,
    code_tried_at = CASE WHEN code_tried_at > now() - interval '15 minutes' THEN code_tried_at ELSE now() END
WHERE id = :id RETURNING code_tries


-- name: use_code(id, step)
-- Accepts each time step once, and none older than the last. A right code resets the count of tries.
UPDATE users SET code_step = :step, code_tries = 0
WHERE id = :id AND (code_step IS NULL OR code_step < :step) RETURNING id


-- name: code_secret(id)
SELECT code_secret FROM users WHERE id = :id


-- name: set_code_secret(id, secret)
UPDATE users SET code_secret = :secret WHERE id = :id AND code_secret IS NULL RETURNING id


-- name: remove_code_secret(name)
UPDATE users SET code_secret = NULL WHERE name = :name AND code_secret IS NOT NULL RETURNING id
