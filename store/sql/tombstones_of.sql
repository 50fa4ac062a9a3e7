-- $1 tokens
SELECT token, erased_at FROM tombstones WHERE token = ANY ($1::bytea[])
