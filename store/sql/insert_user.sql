-- $1 name, $2 role, $3 password hash
INSERT INTO users (name, role, password_hash) VALUES ($1, $2, $3) RETURNING id, name, role, created_at
