-- name: any_tombstone
SELECT EXISTS (SELECT FROM tombstones)


-- name: tombstones_of(tokens)
SELECT token, erased_at FROM tombstones WHERE token = ANY (:tokens::bytea[])


-- name: insert_tombstones(tokens)
-- Erased again, it is the later time that counts.
INSERT INTO tombstones (token, erased_at) SELECT unnest(:tokens::bytea[]), clock_timestamp()
ON CONFLICT (token) DO UPDATE SET erased_at = excluded.erased_at
