-- What was begun did not crash: it does not count.
-- $1 received_at, $2 id
UPDATE spill AS s SET attempts = greatest(s.attempts - 1, 0)
FROM unnest($1::timestamptz[], $2::uuid[]) AS v (received_at, id)
WHERE s.received_at = v.received_at AND s.id = v.id
