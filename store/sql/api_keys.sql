SELECT id, name, scopes, created_at, last_used_at, expires_at, revoked_at FROM api_keys ORDER BY name, created_at
