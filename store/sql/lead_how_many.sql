-- How many fit, but no more than so many are counted. $1 to $13 the filter (see matching_leads), $14 the most
SELECT count(*) FROM (
    SELECT FROM matching_leads($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) LIMIT $14) AS counted
