-- All that fit, newest message first. $1 to $13 the filter (see matching_leads)
SELECT l.id FROM matching_leads($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) AS l
ORDER BY l.recency DESC, l.contact_id DESC
