-- How many wait for a decision, counted up to $1
SELECT count(*) FROM (SELECT FROM next_steps AS s JOIN lead_records AS r ON r.id = s.lead_id
                      WHERE s.status = 'PENDING' AND r.deleted_at IS NULL LIMIT $1) AS waiting
