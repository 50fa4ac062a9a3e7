-- $1 id of a message, $2 how many
SELECT h.lead_id, h.field, h.source, h.actor, h.confidence, h.changed_at
FROM lead_changes AS h
WHERE h.lead_id IN (SELECT r.id FROM lead_records AS r JOIN messages AS m ON m.contact_id = r.contact_id WHERE m.id = $1)
  AND h.message_id = $1
ORDER BY h.id LIMIT $2
