-- Whose session that is; using it is noted about once a minute. $1 hash of the token
WITH found AS (
    SELECT s.token_hash, s.seen_at, u.id, u.name, u.role, u.created_at
    FROM sessions AS s JOIN users AS u ON u.id = s.user_id
    WHERE s.token_hash = $1 AND u.disabled_at IS NULL
      AND s.created_at > now() - interval '7 days' AND s.seen_at > now() - interval '12 hours'
), noted AS (
    UPDATE sessions AS s SET seen_at = now() FROM found AS f
    WHERE s.token_hash = f.token_hash AND f.seen_at < now() - interval '1 minute'
)
SELECT id, name, role, created_at FROM found
