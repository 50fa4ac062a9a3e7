-- The rows that a batch of facts is about, as they stand now.
-- $1 handles and $2 bsuids of sightings; ids of $3 conversations, $4 messages, $5 phone numbers,
-- $6 workflow executions, $7 project events
SELECT 'sightings' AS of, s.handle || ' ' || s.bsuid AS key, to_jsonb(s) AS row
FROM unnest($1::text[], $2::text[]) AS v (handle, bsuid) JOIN sightings AS s USING (handle, bsuid)
UNION ALL SELECT 'conversations', c.id::text, to_jsonb(c) FROM conversations AS c WHERE c.id = ANY ($3::uuid[])
UNION ALL SELECT 'messages', m.id, to_jsonb(m) FROM messages AS m WHERE m.id = ANY ($4::text[])
UNION ALL SELECT 'phone_numbers', p.id, to_jsonb(p) FROM phone_numbers AS p WHERE p.id = ANY ($5::text[])
UNION ALL SELECT 'workflow_executions', w.id, to_jsonb(w) FROM workflow_executions AS w WHERE w.id = ANY ($6::text[])
UNION ALL SELECT 'project_events', e.id, to_jsonb(e) FROM project_events AS e WHERE e.id = ANY ($7::text[])
