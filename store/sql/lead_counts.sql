-- $1 to $13 the filter (see matching_leads)
SELECT l.status, l.lead_temperature AS temperature, l.chat_phase AS phase, l.awaiting_reply AS waiting,
    count(*) AS leads
FROM matching_leads($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) AS l
GROUP BY 1, 2, 3, 4
