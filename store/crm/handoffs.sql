-- name: conversation_that_exists(session)
-- :session id of a conversation, or of a session of another channel
SELECT id FROM conversations WHERE id = :session


-- name: insert_handoff(given, lead_id)
-- One handoff; nothing comes back when that packet is there already. :given jsonb object named like the columns
INSERT INTO handoffs (packet_id, session_id, lead_id, conversation_id, lead_level, handoff_reason, original_reason,
    visitor_email, visitor_name, visitor_company, visitor_role, problem_fit, authority_fit, company_fit, timing_fit,
    is_consultant, referral_mentioned, turn_count, signals_observed, conversation_summary)
SELECT v.packet_id, v.session_id, :lead_id, v.conversation_id, v.lead_level, v.handoff_reason, v.original_reason,
    v.visitor_email, v.visitor_name, v.visitor_company, v.visitor_role, v.problem_fit, v.authority_fit, v.company_fit,
    v.timing_fit, v.is_consultant, v.referral_mentioned, v.turn_count, v.signals_observed, v.conversation_summary
FROM jsonb_to_record(:given::jsonb) AS v (
    packet_id text, session_id text, conversation_id uuid, lead_level text, handoff_reason text, original_reason text,
    visitor_email text, visitor_name text, visitor_company text, visitor_role text, problem_fit text,
    authority_fit text, company_fit text, timing_fit text, is_consultant boolean, referral_mentioned boolean,
    turn_count integer, signals_observed jsonb, conversation_summary text)
ON CONFLICT (packet_id) DO NOTHING
RETURNING id


-- name: handoff_of_packet(packet_id)
SELECT id FROM handoffs WHERE packet_id = :packet_id


-- name: name_handoff(handoff, their_id)
-- The id that the other CRM gave it. :their_id that id
UPDATE handoffs SET crm_record_id = :their_id WHERE id = :handoff


-- name: lead_of_visitor(conversation_id, number, email)
-- Whose lead it is: by the conversation, else by the number, else by the e-mail; a living one before one that was
-- deleted. :number as +digits, :email e-mail in lower case
SELECT id FROM (
    SELECT 1 AS likely, r.id, r.deleted_at FROM conversations AS v JOIN lead_records AS r ON r.contact_id = v.contact_id
    WHERE v.id = :conversation_id
    UNION ALL
    SELECT CASE i.kind WHEN 'phone' THEN 2 ELSE 3 END, r.id, r.deleted_at
    FROM (VALUES ('phone', :number), ('email', :email)) AS n (kind, value)
        JOIN contact_identities AS i ON i.kind = n.kind AND i.value = n.value
        JOIN lead_records AS r ON r.contact_id = i.contact_id
    UNION ALL
    SELECT 2, r.id, r.deleted_at FROM lead_records AS r WHERE r.phone = :number
    UNION ALL
    SELECT 4, r.id, r.deleted_at FROM customer_profiles AS p JOIN lead_records AS r ON r.id = p.lead_id
    WHERE lower(p.email) = :email
) AS meant
ORDER BY deleted_at IS NOT NULL, likely LIMIT 1


-- name: insert_handoff_records
-- A record for each run that was handed over and has none yet.
INSERT INTO handoff_records (execution_id, session_id)
SELECT w.id, coalesce(w.conversation_id::text, w.id) FROM workflow_executions AS w
WHERE w.handoff IS NOT NULL AND NOT EXISTS (SELECT FROM handoff_records AS h WHERE h.execution_id = w.id)
ON CONFLICT (execution_id) DO NOTHING


-- name: link_handoffs
-- Handed over before anything else was known of the conversation: whose it is has come to be known.
UPDATE handoffs AS h SET lead_id = r.id
FROM conversations AS v JOIN lead_records AS r ON r.contact_id = v.contact_id
WHERE h.lead_id IS NULL AND h.conversation_id = v.id


-- name: due_handoffs(count)
-- What is to be handed to the CRM now. A run may come before the chat that it is about: that has a minute to come.
-- Others who look leave these alone meanwhile.
SELECT h.id, h.execution_id, h.session_id, h.attempts, w.conversation_id, w.handoff ->> 'reason' AS reason,
    coalesce(t.lead_level, 'warm') AS lead_level,
    (SELECT count(*) FROM messages AS m WHERE m.conversation_id = w.conversation_id) AS turns
FROM handoff_records AS h JOIN workflow_executions AS w ON w.id = h.execution_id
    LEFT JOIN conversations AS v ON v.id = w.conversation_id
    LEFT JOIN lead_records AS r ON r.contact_id = v.contact_id AND r.deleted_at IS NULL
    LEFT JOIN temperature_words AS t ON t.lead_temperature = r.lead_temperature
WHERE h.state = 'pending' AND h.next_try_at <= now()
  AND (w.conversation_id IS NULL OR v.contact_id IS NOT NULL OR h.created_at < now() - interval '1 minute')
ORDER BY h.next_try_at LIMIT :count
FOR UPDATE OF h SKIP LOCKED


-- name: end_handoff_record(record, crm_id)
-- The CRM has it. :crm_id the CRM's id
UPDATE handoff_records SET state = 'delivered', crm_record_id = :crm_id, delivered_at = now(), attempts = attempts + 1,
    error = NULL
WHERE id = :record


-- name: postpone_handoff_record(record, error_kind, seconds)
-- The CRM did not take it. :error_kind what kind of error, :seconds until the next try
UPDATE handoff_records SET attempts = attempts + 1, error = :error_kind,
    next_try_at = now() + make_interval(secs => :seconds)
WHERE id = :record


-- name: handoffs_page(level, session, last_id, count)
-- Handoffs, newest first, without those of deleted leads. crm_record_id: the id that the CRM returned, else our own.
-- :session (null leaves one out)
SELECT h.id, h.session_id, h.lead_id, h.conversation_id, h.lead_level, h.handoff_reason, h.original_reason,
    h.visitor_email, h.visitor_name, h.visitor_company, h.visitor_role, h.problem_fit, h.authority_fit, h.company_fit,
    h.timing_fit, h.is_consultant, h.referral_mentioned, h.turn_count, h.signals_observed, h.conversation_summary,
    h.created_at, coalesce(h.crm_record_id, d.crm_record_id, h.id::text) AS crm_record_id
FROM handoffs AS h LEFT JOIN handoff_records AS d ON h.packet_id = 'kapso:' || d.execution_id
    LEFT JOIN lead_records AS r ON r.id = h.lead_id
WHERE r.deleted_at IS NULL AND (:level::text IS NULL OR h.lead_level = :level) AND (:session::text IS NULL
    OR h.session_id = :session)
  AND (:last_id::bigint IS NULL OR h.id < :last_id)
ORDER BY h.id DESC LIMIT :count


-- name: clear_handoff_records(session)
-- Those that the CRM has not had yet.
UPDATE handoff_records SET state = 'cleared', error = NULL WHERE session_id = :session AND state = 'pending'
    RETURNING id


-- name: clear_handoffs(session)
DELETE FROM handoffs WHERE session_id = :session RETURNING id


-- name: prune_handoffs(before)
-- That a run was handed over is remembered as long as the run, or it would be handed over again. :before when
WITH records AS (
    DELETE FROM handoff_records AS h WHERE h.state IN ('delivered', 'cleared') AND h.created_at < :before
        AND NOT EXISTS (SELECT FROM workflow_executions AS w WHERE w.id = h.execution_id)
)
DELETE FROM handoffs WHERE created_at < :before
