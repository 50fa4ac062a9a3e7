-- The letters of a delivery that was replayed as a whole, but for the events that failed again.
-- $1 delivery id, $2 positions that failed
UPDATE dead_letters SET state = 'replayed' WHERE delivery_id = $1 AND position <> ALL ($2::integer[]) AND state = 'open'
