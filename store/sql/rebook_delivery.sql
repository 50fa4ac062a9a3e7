-- The books of a delivery that was replayed as a whole.
-- $1 received_at, $2 id, $3 applied, $4 ignored, $5 dead
UPDATE deliveries SET applied = $3::integer, ignored = $4::integer, dead = $5::integer,
    events = $3::integer + $4::integer + $5::integer
WHERE received_at = $1 AND id = $2
