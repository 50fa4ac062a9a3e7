-- $1 id of a lead, also of one that was merged
SELECT n.*, c.id AS corrected_by
FROM lead_notes AS n LEFT JOIN lead_notes AS c ON c.corrects = n.id
WHERE n.lead_id = coalesce((SELECT a.lead_id FROM lead_aliases AS a WHERE a.old_id = $1), $1)
ORDER BY n.written_at, n.id
