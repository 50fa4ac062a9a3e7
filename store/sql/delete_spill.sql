-- $1 received_at, $2 id
DELETE FROM spill AS s USING unnest($1::timestamptz[], $2::uuid[]) AS v (received_at, id)
WHERE s.received_at = v.received_at AND s.id = v.id
