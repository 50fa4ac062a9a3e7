-- name: end_erasure(contact_id, names)
-- Nothing is left, and so the names go.
DELETE FROM erasures WHERE contact_id = :contact_id OR names && :names::text[]


-- name: begin_erasure(contact_id, lead_id, names, conversation_ids, message_ids, actor)
-- Begin an erasure or continue it. If it has more names, conversations or messages than before, looked_to becomes null:
-- all raw deliveries are searched again. :conversation_ids and :message_ids as text, :actor who asked for it
INSERT INTO erasures AS e (contact_id, lead_id, names, conversations, messages, asked_by)
    VALUES (:contact_id, :lead_id, :names, :conversation_ids, :message_ids, :actor)
ON CONFLICT (contact_id) DO UPDATE SET
    names = excluded.names, conversations = excluded.conversations, messages = excluded.messages,
    looked_to = CASE WHEN e.names @> excluded.names AND e.conversations @> excluded.conversations
                          AND e.messages @> excluded.messages THEN e.looked_to END
RETURNING looked_to


-- name: tell_erasure(contact_id, before)
-- :before raw deliveries that were received before it are looked through
UPDATE erasures SET looked_to = :before, told_at = now() WHERE contact_id = :contact_id


-- name: detach_messages(contact_id)
-- Messages of others that stand in conversations of this contact stay, without it.
UPDATE messages AS m SET conversation_id = NULL
FROM conversations AS v
WHERE v.contact_id = :contact_id AND m.conversation_id = v.id AND m.contact_id IS DISTINCT FROM :contact_id


-- name: erase_rows(contact_id, names)
-- Everything that is stored of one contact, table by table; says how many rows of each. :names its names
WITH meant AS (
    SELECT id FROM conversations WHERE contact_id = :contact_id
), runs AS (
    DELETE FROM workflow_executions WHERE conversation_id IN (SELECT id FROM meant) RETURNING id
), variables AS (
    DELETE FROM workflow_variables WHERE execution_id IN (
        SELECT w.id FROM workflow_executions AS w WHERE w.conversation_id IN (SELECT id FROM meant)) RETURNING 1
), events AS (
    DELETE FROM project_events WHERE conversation_id IN (SELECT id FROM meant) RETURNING 1
), edits AS (
    DELETE FROM message_edits WHERE message_id IN (
        SELECT id FROM messages WHERE contact_id = :contact_id OR group_member = ANY (:names::text[])) RETURNING 1
), sent_files AS (
    DELETE FROM media_files WHERE message_id IN (
        SELECT id FROM messages WHERE contact_id = :contact_id OR group_member = ANY (:names::text[])) RETURNING 1
), said AS (
    DELETE FROM messages WHERE contact_id = :contact_id OR group_member = ANY (:names::text[]) RETURNING 1
), sessions AS (
    DELETE FROM conversations WHERE contact_id = :contact_id RETURNING 1
), identities AS (
    DELETE FROM contact_identities WHERE contact_id = :contact_id RETURNING 1
), joins AS (
    DELETE FROM identity_joins WHERE a = ANY (:names::text[]) OR b = ANY (:names::text[]) RETURNING 1
), seen AS (
    DELETE FROM sightings WHERE contact_id = :contact_id RETURNING 1
), flagged AS (
    DELETE FROM vanished_contacts WHERE 'kapso:' || kapso_id = ANY (:names::text[]) OR kapso_id = ANY (:names::text[])
        RETURNING 1
), changes AS (
    DELETE FROM lead_changes WHERE lead_id IN (SELECT id FROM lead_records WHERE contact_id = :contact_id) RETURNING 1
), notes AS (
    DELETE FROM lead_notes WHERE lead_id IN (SELECT id FROM lead_records WHERE contact_id = :contact_id) RETURNING 1
), suggestions AS (
    DELETE FROM lead_suggestions WHERE lead_id IN (SELECT id FROM lead_records WHERE contact_id = :contact_id)
        RETURNING 1
), steps AS (
    DELETE FROM next_steps WHERE lead_id IN (SELECT id FROM lead_records WHERE contact_id = :contact_id) RETURNING 1
), helped AS (
    DELETE FROM tickets WHERE conversation_id IN (SELECT id FROM meant) RETURNING 1
), handed_over AS (
    DELETE FROM handoffs WHERE lead_id IN (SELECT id FROM lead_records WHERE contact_id = :contact_id)
        OR conversation_id IN (SELECT id FROM meant)
        OR (lead_id IS NULL AND lower(visitor_email) IN (
            SELECT lower(p.email) FROM customer_profiles AS p JOIN lead_records AS r ON r.id = p.lead_id
            WHERE r.contact_id = :contact_id
            UNION ALL SELECT i.value FROM contact_identities AS i WHERE i.contact_id = :contact_id
                AND i.kind = 'email')) RETURNING 1
), handed_over_runs AS (
    DELETE FROM handoff_records WHERE session_id IN (SELECT id::text FROM meant) RETURNING 1
), profile AS (
    DELETE FROM customer_profiles WHERE lead_id IN (SELECT id FROM lead_records WHERE contact_id = :contact_id)
        RETURNING 1
), lead AS (
    DELETE FROM lead_records WHERE contact_id = :contact_id RETURNING converted_to_client_id
), client AS (
    DELETE FROM clients AS c USING lead AS l WHERE c.id = l.converted_to_client_id AND NOT EXISTS (
        SELECT FROM lead_records AS r WHERE r.converted_to_client_id = c.id AND r.contact_id <> :contact_id) RETURNING 1
), person AS (
    DELETE FROM contacts WHERE id = :contact_id RETURNING 1
)
SELECT 'contacts' AS of, count(*) FROM person
UNION ALL SELECT 'leads', count(*) FROM lead
UNION ALL SELECT 'clients', count(*) FROM client
UNION ALL SELECT 'customer_profiles', count(*) FROM profile
UNION ALL SELECT 'handoffs', count(*) FROM handed_over
UNION ALL SELECT 'lead_changes', count(*) FROM changes
UNION ALL SELECT 'lead_notes', count(*) FROM notes
UNION ALL SELECT 'lead_suggestions', count(*) FROM suggestions
UNION ALL SELECT 'next_steps', count(*) FROM steps
UNION ALL SELECT 'tickets', count(*) FROM helped
UNION ALL SELECT 'handoff_records', count(*) FROM handed_over_runs
UNION ALL SELECT 'conversations', count(*) FROM sessions
UNION ALL SELECT 'message_edits', count(*) FROM edits
UNION ALL SELECT 'media_files', count(*) FROM sent_files
UNION ALL SELECT 'messages', count(*) FROM said
UNION ALL SELECT 'contact_identities', count(*) FROM identities
UNION ALL SELECT 'identity_joins', count(*) FROM joins
UNION ALL SELECT 'sightings', count(*) FROM seen
UNION ALL SELECT 'workflow_executions', count(*) FROM runs
UNION ALL SELECT 'workflow_variables', count(*) FROM variables
UNION ALL SELECT 'project_events', count(*) FROM events
UNION ALL SELECT 'vanished_contacts', count(*) FROM flagged


-- name: erase_loose_rows(tables, ids)
-- Delete rows by table and id; of a replay, only the filter is overwritten. :tables and :ids are pairs.
WITH gone AS (
    SELECT * FROM unnest(:tables::text[], :ids::text[]) AS g (of, id)
), events AS (
    DELETE FROM project_events WHERE id IN (SELECT id FROM gone WHERE of = 'project_events') RETURNING 1
), variables AS (
    DELETE FROM workflow_variables WHERE execution_id IN (
        SELECT id FROM gone WHERE of IN ('workflow_variables', 'workflow_executions')) RETURNING 1
), runs AS (
    DELETE FROM workflow_executions WHERE id IN (SELECT id FROM gone WHERE of = 'workflow_executions') RETURNING 1
), handed_over AS (
    DELETE FROM handoffs WHERE packet_id IN (SELECT id FROM gone WHERE of = 'handoffs') RETURNING 1
), records AS (
    DELETE FROM handoff_records WHERE execution_id IN (SELECT id FROM gone WHERE of = 'handoff_records') RETURNING 1
), failures AS (
    DELETE FROM login_failures WHERE id::text IN (SELECT id FROM gone WHERE of = 'login_failures') RETURNING 1
), requests AS (
    DELETE FROM idempotency_keys WHERE jsonb_build_array(caller, key)::text IN (
        SELECT id FROM gone WHERE of = 'idempotency_keys') RETURNING 1
), asked AS (
    UPDATE replays SET filter = '{"erased": true}' WHERE id::text IN (SELECT id FROM gone WHERE of = 'replays')
        RETURNING 1
), views AS (
    DELETE FROM saved_views WHERE id::text IN (SELECT id FROM gone WHERE of = 'saved_views') RETURNING 1
)
SELECT 'project_events' AS of, count(*) FROM events
UNION ALL SELECT 'workflow_executions', count(*) FROM runs
UNION ALL SELECT 'workflow_variables', count(*) FROM variables
UNION ALL SELECT 'handoffs', count(*) FROM handed_over
UNION ALL SELECT 'handoff_records', count(*) FROM records
UNION ALL SELECT 'saved_views', count(*) FROM views
UNION ALL SELECT 'login_failures', count(*) FROM failures
UNION ALL SELECT 'idempotency_keys', count(*) FROM requests
UNION ALL SELECT 'replays', count(*) FROM asked


-- name: cards_naming(pattern)
-- Messages with contact cards that may name a person, in whatever spelling. :pattern of the person's names
SELECT m.id, m.content::text AS content FROM messages AS m
WHERE m.type = 'contacts' AND encode(convert_to(m.content::text, 'UTF8'), 'escape') ~* :pattern
ORDER BY m.id


-- name: scrub_cards(message_id, content, without_cards)
-- :content its content as it was read, :without_cards without the cards
UPDATE messages SET content = :without_cards::text::jsonb WHERE id = :message_id AND content = :content::text::jsonb


-- name: loose_rows_naming(pattern)
-- Rows that no key ties to a person, and that may name one, in any spelling. mention_suffices: the row belongs to
-- nobody's conversation, so any mention of the person is reason to erase it. :pattern of the person's names
SELECT r.of, r.id, r.mention_suffices, r.row::text AS row FROM (
    SELECT 'project_events' AS of, e.id, e.conversation_id IS NULL AS mention_suffices, to_jsonb(e) AS row
        FROM project_events AS e
    UNION ALL SELECT 'workflow_executions', w.id, true, to_jsonb(w) FROM workflow_executions AS w
        WHERE w.conversation_id IS NULL
    UNION ALL SELECT 'workflow_variables', v.execution_id, false, to_jsonb(v) FROM workflow_variables AS v
    UNION ALL SELECT 'handoffs', h.packet_id, true, to_jsonb(h) FROM handoffs AS h WHERE h.lead_id IS NULL
    UNION ALL SELECT 'handoff_records', d.execution_id, true, to_jsonb(d) FROM handoff_records AS d
    UNION ALL SELECT 'login_failures', f.id::text, true, to_jsonb(f.name) FROM login_failures AS f
    UNION ALL SELECT 'idempotency_keys', jsonb_build_array(k.caller, k.key)::text, true, to_jsonb(k.key)
        FROM idempotency_keys AS k
    UNION ALL SELECT 'replays', y.id::text, true, y.filter FROM replays AS y
    UNION ALL SELECT 'saved_views', v.id::text, true, v.query || jsonb_build_object('', v.name) FROM saved_views AS v
) AS r
WHERE encode(convert_to(r.row::text, 'UTF8'), 'escape') ~* :pattern
