-- Streams that are there no longer. $1 how many there are
DELETE FROM drains WHERE shard >= $1
