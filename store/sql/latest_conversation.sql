-- The conversation that a lead is in, or was in last. $1 lead id
SELECT v.id FROM conversations AS v JOIN lead_records AS r ON r.contact_id = v.contact_id
WHERE r.id = coalesce((SELECT a.lead_id FROM lead_aliases AS a WHERE a.old_id = $1), $1)
ORDER BY v.last_active_at DESC NULLS LAST, v.id DESC LIMIT 1
