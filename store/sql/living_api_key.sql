-- $1 id of a key
SELECT name, secret_hash, scopes, coalesce(last_used_at < now() - interval '1 minute', true) AS unnoted
FROM api_keys
WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
