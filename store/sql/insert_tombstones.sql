-- Erased again, it is the later time that counts.
-- $1 tokens
INSERT INTO tombstones (token, erased_at) SELECT unnest($1::bytea[]), clock_timestamp()
ON CONFLICT (token) DO UPDATE SET erased_at = excluded.erased_at
