-- How many wait for a decision, counted up to $1
SELECT count(*) FROM (SELECT FROM next_steps WHERE status = 'PENDING' LIMIT $1) AS waiting
