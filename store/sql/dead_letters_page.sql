-- The next dead letters by id.
-- $1..$7 filter (see matching_dead_letters), $8 after this id, $9 how many
SELECT id, delivery_id, position, received_at, event, idempotency_key, version, body, error_kind, error, fingerprint,
       code_version, attempts, first_failed_at, last_failed_at, state
FROM matching_dead_letters($1, $2, $3, $4, $5, $6, $7)
WHERE id > $8
ORDER BY id
LIMIT $9
