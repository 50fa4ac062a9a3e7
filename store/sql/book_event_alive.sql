-- One event of a delivery was dead, and is applied or ignored now.
-- $1 received_at, $2 id, $3 applied, $4 ignored (1 and 0, or 0 and 1)
UPDATE deliveries SET applied = applied + $3, ignored = ignored + $4, dead = dead - 1
WHERE received_at = $1 AND id = $2
