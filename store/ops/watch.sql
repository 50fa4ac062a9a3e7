-- name: rows_of_facts(handles, bsuids, conversation_ids, messages, phone_number_ids, execution_ids, event_ids,
--     edit_ids)
-- The rows that a batch of facts is about, as they are now. :handles and :bsuids are pairs that name sightings. The
-- other parameters are ids: :messages of messages, :execution_ids of workflow executions, :event_ids of project events,
-- :edit_ids of message edits
SELECT 'sightings' AS of, s.handle || ' ' || s.bsuid AS key, to_jsonb(s) AS row
FROM unnest(:handles::text[], :bsuids::text[]) AS v (handle, bsuid) JOIN sightings AS s USING (handle, bsuid)
UNION ALL SELECT 'conversations', c.id::text, to_jsonb(c) FROM conversations AS c
    WHERE c.id = ANY (:conversation_ids::uuid[])
UNION ALL SELECT 'messages', m.id, to_jsonb(m) FROM messages AS m WHERE m.id = ANY (:messages::text[])
UNION ALL SELECT 'phone_numbers', p.id, to_jsonb(p) FROM phone_numbers AS p WHERE p.id = ANY (:phone_number_ids::text[])
UNION ALL SELECT 'workflow_executions', w.id, to_jsonb(w) FROM workflow_executions AS w
    WHERE w.id = ANY (:execution_ids::text[])
UNION ALL SELECT 'project_events', e.id, to_jsonb(e) FROM project_events AS e WHERE e.id = ANY (:event_ids::text[])
UNION ALL SELECT 'message_edits', e.id, to_jsonb(e) FROM message_edits AS e WHERE e.id = ANY (:edit_ids::text[])
UNION ALL SELECT 'preference_sightings', p.handle || ' ' || p.bsuid || ' ' || p.phone_number_id, to_jsonb(p)
FROM unnest(:handles::text[], :bsuids::text[]) AS v (handle, bsuid) JOIN preference_sightings AS p USING (handle, bsuid)
