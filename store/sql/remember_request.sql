-- $1 caller, $2 key, $3 hash of what is asked; nothing comes back when that key was used before
INSERT INTO idempotency_keys (caller, key, asked) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING key
