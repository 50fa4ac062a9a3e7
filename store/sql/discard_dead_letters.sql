-- $1..$7 filter; only what is open is discarded
UPDATE dead_letters AS d SET state = 'discarded'
FROM matching_dead_letters($1, $2, $3, $4, $5, $6, $7) AS m
WHERE d.id = m.id AND d.state = 'open'
