-- Everything that is stored of one contact, table by table; says how many rows of each.
-- $1 contact id, $2 its names
WITH meant AS (
    SELECT id FROM conversations WHERE contact_id = $1
), runs AS (
    DELETE FROM workflow_executions WHERE conversation_id IN (SELECT id FROM meant) RETURNING id
), variables AS (
    DELETE FROM workflow_variables WHERE execution_id IN (
        SELECT w.id FROM workflow_executions AS w WHERE w.conversation_id IN (SELECT id FROM meant)) RETURNING 1
), events AS (
    DELETE FROM project_events WHERE conversation_id IN (SELECT id FROM meant) RETURNING 1
), said AS (
    DELETE FROM messages WHERE contact_id = $1 RETURNING 1
), sessions AS (
    DELETE FROM conversations WHERE contact_id = $1 RETURNING 1
), identities AS (
    DELETE FROM contact_identities WHERE contact_id = $1 RETURNING 1
), joins AS (
    DELETE FROM identity_joins WHERE a = ANY ($2::text[]) OR b = ANY ($2::text[]) RETURNING 1
), seen AS (
    DELETE FROM sightings WHERE contact_id = $1 RETURNING 1
), flagged AS (
    DELETE FROM vanished_contacts WHERE 'kapso:' || kapso_id = ANY ($2::text[]) OR kapso_id = ANY ($2::text[]) RETURNING 1
), changes AS (
    DELETE FROM lead_changes WHERE lead_id IN (SELECT id FROM lead_records WHERE contact_id = $1) RETURNING 1
), notes AS (
    DELETE FROM lead_notes WHERE lead_id IN (SELECT id FROM lead_records WHERE contact_id = $1) RETURNING 1
), suggestions AS (
    DELETE FROM lead_suggestions WHERE lead_id IN (SELECT id FROM lead_records WHERE contact_id = $1) RETURNING 1
), steps AS (
    DELETE FROM next_steps WHERE lead_id IN (SELECT id FROM lead_records WHERE contact_id = $1) RETURNING 1
), helped AS (
    DELETE FROM tickets WHERE conversation_id IN (SELECT id FROM meant) RETURNING 1
), handed_over AS (
    DELETE FROM handoffs WHERE lead_id IN (SELECT id FROM lead_records WHERE contact_id = $1)
        OR conversation_id IN (SELECT id FROM meant)
        OR (lead_id IS NULL AND lower(visitor_email) IN (
            SELECT lower(p.email) FROM customer_profiles AS p JOIN lead_records AS r ON r.id = p.lead_id
            WHERE r.contact_id = $1
            UNION ALL SELECT i.value FROM contact_identities AS i WHERE i.contact_id = $1 AND i.kind = 'email')) RETURNING 1
), profile AS (
    DELETE FROM customer_profiles WHERE lead_id IN (SELECT id FROM lead_records WHERE contact_id = $1) RETURNING 1
), lead AS (
    DELETE FROM lead_records WHERE contact_id = $1 RETURNING converted_to_client_id
), client AS (
    DELETE FROM clients AS c USING lead AS l WHERE c.id = l.converted_to_client_id AND NOT EXISTS (
        SELECT FROM lead_records AS r WHERE r.converted_to_client_id = c.id AND r.contact_id <> $1) RETURNING 1
), person AS (
    DELETE FROM contacts WHERE id = $1 RETURNING 1
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
UNION ALL SELECT 'conversations', count(*) FROM sessions
UNION ALL SELECT 'messages', count(*) FROM said
UNION ALL SELECT 'contact_identities', count(*) FROM identities
UNION ALL SELECT 'identity_joins', count(*) FROM joins
UNION ALL SELECT 'sightings', count(*) FROM seen
UNION ALL SELECT 'workflow_executions', count(*) FROM runs
UNION ALL SELECT 'workflow_variables', count(*) FROM variables
UNION ALL SELECT 'project_events', count(*) FROM events
UNION ALL SELECT 'vanished_contacts', count(*) FROM flagged
