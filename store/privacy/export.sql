-- name: rows_of_person(contact_id, lead_id, names, conversation_ids)
-- :conversation_ids as text
SELECT * FROM (
    SELECT 'contacts' AS of, to_jsonb(c) AS row FROM contacts AS c WHERE c.id = :contact_id
    UNION ALL SELECT 'contact_identities', to_jsonb(i) FROM contact_identities AS i WHERE i.contact_id = :contact_id
    UNION ALL SELECT 'sightings', to_jsonb(s) FROM sightings AS s WHERE s.contact_id = :contact_id
    UNION ALL SELECT 'identity_joins', to_jsonb(j) FROM identity_joins AS j WHERE j.a = ANY (:names::text[])
        OR j.b = ANY (:names)
    UNION ALL SELECT 'conversations', to_jsonb(v) FROM conversations AS v WHERE v.contact_id = :contact_id
    UNION ALL SELECT 'messages', to_jsonb(m) FROM messages AS m WHERE m.contact_id = :contact_id
    UNION ALL SELECT 'messages', to_jsonb(m) FROM messages AS m WHERE m.group_member <> ''
        AND m.group_member = ANY (:names)
    UNION ALL SELECT 'message_edits', to_jsonb(e) FROM message_edits AS e JOIN messages AS m ON m.id = e.message_id
        WHERE m.contact_id = :contact_id OR m.group_member = ANY (:names)
    UNION ALL SELECT 'media_files', to_jsonb(n) FROM media_files AS n JOIN messages AS m ON m.id = n.message_id
        WHERE m.contact_id = :contact_id OR m.group_member = ANY (:names)
    UNION ALL SELECT 'preference_sightings', to_jsonb(p) FROM preference_sightings AS p
        JOIN sightings AS s ON s.handle = p.handle AND s.bsuid = p.bsuid WHERE s.contact_id = :contact_id
    UNION ALL SELECT 'project_events', to_jsonb(e) FROM project_events AS e
        WHERE e.conversation_id::text = ANY (:conversation_ids::text[])
    UNION ALL SELECT 'workflow_executions', to_jsonb(w) FROM workflow_executions AS w
        WHERE w.conversation_id::text = ANY (:conversation_ids)
    UNION ALL SELECT 'workflow_variables', to_jsonb(x) FROM workflow_variables AS x
        JOIN workflow_executions AS w ON w.id = x.execution_id WHERE w.conversation_id::text = ANY (:conversation_ids)
    UNION ALL SELECT 'leads', to_jsonb(l) FROM leads AS l WHERE l.id = :lead_id
    UNION ALL SELECT 'lead_records', to_jsonb(r) - 'read_hash' FROM lead_records AS r WHERE r.id = :lead_id
    UNION ALL SELECT 'clients', to_jsonb(y) FROM clients AS y
        JOIN lead_records AS r ON r.converted_to_client_id = y.id WHERE r.id = :lead_id
    UNION ALL SELECT 'next_steps', to_jsonb(z) FROM next_steps AS z WHERE z.lead_id = :lead_id
    UNION ALL SELECT 'lead_contacts', to_jsonb(q) FROM lead_contacts AS q WHERE q.lead_id = :lead_id
        OR q.contact_id = :contact_id
    UNION ALL SELECT 'conversation_sentiments', to_jsonb(f) FROM conversation_sentiments AS f
        WHERE f.conversation_id::text = ANY (:conversation_ids)
    UNION ALL SELECT 'tickets', to_jsonb(t) FROM tickets AS t WHERE t.conversation_id::text = ANY (:conversation_ids)
    UNION ALL SELECT 'ticket_changes', to_jsonb(d) FROM ticket_changes AS d JOIN tickets AS t ON t.id = d.ticket_id
        WHERE t.conversation_id::text = ANY (:conversation_ids)
    UNION ALL SELECT 'passages', to_jsonb(u) - 'words' FROM passages AS u WHERE u.lead_id = :lead_id
    UNION ALL SELECT 'customer_profiles', to_jsonb(p) FROM customer_profiles AS p WHERE p.lead_id = :lead_id
    UNION ALL SELECT 'handoffs', to_jsonb(o) FROM handoffs AS o
        WHERE o.lead_id = :lead_id OR o.conversation_id IN (SELECT v.id FROM conversations AS v
            WHERE v.contact_id = :contact_id)
            OR (o.lead_id IS NULL AND lower(o.visitor_email) IN (
                SELECT lower(p.email) FROM customer_profiles AS p WHERE p.lead_id = :lead_id
                UNION ALL SELECT i.value FROM contact_identities AS i WHERE i.contact_id = :contact_id
                    AND i.kind = 'email'))
    UNION ALL SELECT 'lead_changes', to_jsonb(h) FROM lead_changes AS h WHERE h.lead_id = :lead_id
    UNION ALL SELECT 'lead_suggestions', to_jsonb(g) FROM lead_suggestions AS g WHERE g.lead_id = :lead_id
    UNION ALL SELECT 'model_readings', to_jsonb(e) FROM model_readings AS e WHERE e.lead_id = :lead_id
    UNION ALL SELECT 'lead_reads', to_jsonb(e) FROM lead_reads AS e WHERE e.lead_id = :lead_id
    UNION ALL SELECT 'reply_times', to_jsonb(e) FROM reply_times AS e WHERE e.contact_id = :contact_id
    UNION ALL SELECT 'notifications', to_jsonb(e) FROM notifications AS e WHERE e.lead_id = :lead_id
    UNION ALL SELECT 'handoff_records', to_jsonb(e) FROM handoff_records AS e
        WHERE e.session_id = ANY (:conversation_ids)
    UNION ALL SELECT 'lead_notes', to_jsonb(n) FROM lead_notes AS n WHERE n.lead_id = :lead_id
    UNION ALL SELECT 'contact_aliases', to_jsonb(k) FROM contact_aliases AS k WHERE k.contact_id = :contact_id
    UNION ALL SELECT 'lead_aliases', to_jsonb(b) FROM lead_aliases AS b WHERE b.lead_id = :lead_id
    UNION ALL SELECT 'access_log', to_jsonb(a) FROM access_log AS a WHERE a.lead_id = :lead_id
        OR a.lead_ids @> ARRAY[:lead_id::uuid]
) AS found
ORDER BY of, coalesce(row ->> 'sent_at', row ->> 'changed_at', row ->> 'occurred_at', row ->> 'at')


-- name: letters_of_deliveries(delivery_ids)
-- Events of stored deliveries that failed; their bytes stand in the deliveries. :delivery_ids ids of the deliveries as
-- text
SELECT to_jsonb(d) - 'body' AS row FROM dead_letters AS d WHERE d.delivery_id::text = ANY (:delivery_ids::text[])
    AND d.body IS NULL
ORDER BY d.id
