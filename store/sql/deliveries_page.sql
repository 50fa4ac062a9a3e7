-- The next stored deliveries of a window, by time and id.
-- $1 since, $2 until, $3 event or null, $4 source or null, $5 after this time, $6 and this id, $7 how many
SELECT id, received_at, event, idempotency_key, version, body, source
FROM deliveries
WHERE received_at >= $1::timestamptz AND received_at < $2::timestamptz
  AND ($3::text IS NULL OR event = $3) AND ($4::text IS NULL OR source = $4)
  AND (received_at, id) > ($5::timestamptz, $6::uuid)
ORDER BY received_at, id
LIMIT $7
