-- name: insert_api_key(id, name, secret_hash, scopes, expires_at)
INSERT INTO api_keys (id, name, secret_hash, scopes, expires_at) VALUES (:id, :name, :secret_hash, :scopes, :expires_at)


-- name: living_api_key(id)
-- :id of a key
SELECT name, secret_hash, scopes, coalesce(last_used_at < now() - interval '1 minute', true) AS unnoted
FROM api_keys
WHERE id = :id AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())


-- name: note_api_key(id)
-- :id of a key that was used
UPDATE api_keys SET last_used_at = now() WHERE id = :id


-- name: revoke_api_key(id)
UPDATE api_keys SET revoked_at = now() WHERE id = :id AND revoked_at IS NULL RETURNING name


-- name: api_keys
SELECT id, name, scopes, created_at, last_used_at, expires_at, revoked_at FROM api_keys ORDER BY name, created_at
