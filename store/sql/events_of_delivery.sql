-- How many events the books say that a delivery has; nothing once its day is dropped.
-- $1 received_at, $2 id
SELECT events FROM deliveries WHERE received_at = $1 AND id = $2
