-- $1 hash of the token, $2 user id
WITH old AS (DELETE FROM sessions WHERE created_at < now() - interval '7 days' OR seen_at < now() - interval '12 hours')
INSERT INTO sessions (token_hash, user_id) VALUES ($1, $2)
