-- $1 lead id
SELECT * FROM lead_suggestions WHERE lead_id = $1 AND state = 'open' ORDER BY field
