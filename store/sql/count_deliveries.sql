-- $1 since, $2 until, $3 event or null, $4 source or null
SELECT count(*)
FROM deliveries
WHERE received_at >= $1::timestamptz AND received_at < $2::timestamptz
  AND ($3::text IS NULL OR event = $3) AND ($4::text IS NULL OR source = $4)
