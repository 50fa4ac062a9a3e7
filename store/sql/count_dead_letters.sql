-- $1..$7 filter
SELECT count(*) FROM matching_dead_letters($1, $2, $3, $4, $5, $6, $7)
