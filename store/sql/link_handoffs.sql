-- Handed over before anything else was known of the conversation: whose it is has come to be known.
UPDATE handoffs AS h SET lead_id = r.id
FROM conversations AS v JOIN lead_records AS r ON r.contact_id = v.contact_id
WHERE h.lead_id IS NULL AND h.conversation_id = v.id
