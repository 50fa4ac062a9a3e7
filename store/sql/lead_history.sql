-- $1 id of a lead, also of one that was merged; $2 field or null, $3 before this id or null, $4 how many
SELECT * FROM lead_changes AS h
WHERE h.lead_id = coalesce((SELECT a.lead_id FROM lead_aliases AS a WHERE a.old_id = $1), $1)
  AND ($2::text IS NULL OR h.field = $2)
  AND ($3::bigint IS NULL OR h.id < $3)
ORDER BY h.id DESC LIMIT $4
