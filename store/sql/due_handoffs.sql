-- What is to be handed to the CRM now, with all that is known of it. A run may come before the chat that it is about: that has a
-- minute to come. Others who look leave these alone meanwhile.
-- $1 how many
SELECT h.id, h.execution_id, h.session_id, h.attempts, w.conversation_id, w.handoff ->> 'reason' AS reason,
    coalesce(t.lead_level, 'warm') AS lead_level, l.name, p.email, coalesce(l.phone, l.mirrored_phone) AS phone,
    l.signals, l.story, (SELECT count(*) FROM messages AS m WHERE m.conversation_id = w.conversation_id) AS turns
FROM handoff_records AS h JOIN workflow_executions AS w ON w.id = h.execution_id
    LEFT JOIN conversations AS v ON v.id = w.conversation_id
    LEFT JOIN leads AS l ON l.contact_id = v.contact_id
    LEFT JOIN customer_profiles AS p ON p.lead_id = l.id
    LEFT JOIN temperature_words AS t ON t.lead_temperature = l.lead_temperature
WHERE h.state = 'pending' AND h.next_try_at <= now()
  AND (w.conversation_id IS NULL OR v.contact_id IS NOT NULL OR h.created_at < now() - interval '1 minute')
ORDER BY h.next_try_at LIMIT $1
FOR UPDATE OF h SKIP LOCKED
