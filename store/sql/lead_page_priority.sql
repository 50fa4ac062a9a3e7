-- A page of the list, the best first. $1 to $13 the filter (see matching_leads);
-- $14 and $15 priority_rank and contact id of the last one seen, $16 how many
SELECT l.*, (SELECT jsonb_object_agg(d.user_id, d.read_at) FROM lead_reads AS d WHERE d.lead_id = l.id) AS reads
FROM matching_leads($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) AS l
WHERE $14::integer IS NULL OR (l.priority_rank, l.contact_id) < ($14, $15::uuid)
ORDER BY l.priority_rank DESC, l.contact_id DESC
LIMIT $16
