-- Why each field is as it is: its last change.
-- $1 lead ids
SELECT DISTINCT ON (h.lead_id, h.field) h.*
FROM lead_changes AS h
WHERE h.lead_id = ANY ($1::uuid[])
ORDER BY h.lead_id, h.field, h.id DESC
