-- name: agents_move
-- Whether an agent (a manager bot, by its API key) has ever moved a lead.
SELECT EXISTS (SELECT FROM lead_changes WHERE field = 'status' AND source = 'agent' AND actor LIKE 'key:%')


-- name: answered_leads(count, moved)
-- Leads that a person has answered while their status does not say so. Of each chat the newest five replies are looked
-- at. Looks at contacts that changed since a quarter of an hour before the last complete pass. :moved whether they are
-- moved; else it is proposed, unless something of the kind is proposed already
SELECT r.id, a.message_id
FROM contacts AS c JOIN lead_records AS r ON r.contact_id = c.id
CROSS JOIN LATERAL (
    SELECT n.message_id
    FROM (SELECT * FROM replies WHERE contact_id = c.id ORDER BY sent_at DESC NULLS LAST LIMIT 5) AS n
    WHERE n.answered_by = 'person' ORDER BY n.sent_at LIMIT 1) AS a
WHERE c.heard_lately
  AND c.heard_at > (SELECT coalesce(max(began_at), '-infinity') - interval '15 minutes' FROM extraction_runs
                    WHERE ended_at IS NOT NULL AND error IS NULL)
  AND c.last_outbound_at IS NOT NULL
  AND r.deleted_at IS NULL AND r.status IN ('new', 'qualified')
  AND coalesce(r.set_by ->> 'status', '') NOT IN ('human', 'agent')
  AND NOT EXISTS (SELECT FROM lead_suggestions AS s
                  WHERE s.lead_id = r.id AND s.field = 'status' AND (
                      (s.state = 'ignored' AND s.value = '"contacted"')
                      OR (s.state = 'open' AND s.value <> '"qualified"' AND NOT :moved)))
ORDER BY c.heard_at LIMIT :count


-- name: due_leads(count)
-- Leads of whom something came in since they were last read.
SELECT r.id, r.contact_id, c.heard_at, r.read_hash
FROM contacts AS c JOIN lead_records AS r ON r.contact_id = c.id
WHERE c.heard_lately AND r.deleted_at IS NULL AND c.heard_at > coalesce(r.read_to, '-infinity')
ORDER BY c.heard_at LIMIT :count


-- name: clear_heard_lately
-- Clears the flag of contacts whose chat is read and did not change since 15 minutes before the last complete pass began:
-- neither due_leads nor answered_leads needs them. A contact that another transaction holds is left for the next pass.
UPDATE contacts AS c SET heard_lately = false
FROM (SELECT k.id FROM contacts AS k JOIN lead_records AS r ON r.contact_id = k.id
      WHERE k.heard_lately AND k.heard_at <= r.read_to
        AND k.heard_at <= (SELECT max(began_at) - interval '15 minutes' FROM extraction_runs
                           WHERE ended_at IS NOT NULL AND error IS NULL)
      FOR NO KEY UPDATE OF k SKIP LOCKED) AS done
WHERE c.id = done.id


-- name: lines_of_contacts(contact_ids, count)
-- The last words of each chat, oldest first. :count how many of each
SELECT t.contact_id, m.id, m.inbound, m.text, m.spoken, m.chosen
FROM unnest(:contact_ids::uuid[]) AS t (contact_id)
CROSS JOIN LATERAL (
    SELECT m.id, m.direction = 'inbound' AS inbound, coalesce(m.text, m.transcript) AS text,
        m.text IS NULL AS spoken, m.direction = 'inbound' AND coalesce(m.type IN ('interactive', 'button'), false) AS chosen,
        m.sent_at, coalesce(m.first_received_at, '-infinity') AS received_rank
    FROM messages AS m
    WHERE m.contact_id = t.contact_id AND m.direction IS NOT NULL AND coalesce(m.text, m.transcript) <> ''
      AND m.revoked_at IS NULL
    ORDER BY m.sent_at DESC NULLS LAST, coalesce(m.first_received_at, '-infinity') DESC, m.id DESC LIMIT :count
) AS m
ORDER BY t.contact_id, m.sent_at NULLS FIRST, m.received_rank, m.id


-- name: facts_of_contacts(contact_ids)
-- What the bot keeps of each chat, newest first: metadata, events, variables.
SELECT * FROM (
    SELECT c.contact_id, 'conversation metadata' AS origin, c.metadata_at AS at, c.metadata AS values,
        NULL::text AS event_id
    FROM conversations AS c
    WHERE c.contact_id = ANY (:contact_ids::uuid[]) AND c.metadata <> '{}'
    UNION ALL
    SELECT c.contact_id, 'project event ' || e.name, e.occurred_at, e.properties, e.id
    FROM conversations AS c JOIN project_events AS e ON e.conversation_id = c.id
    WHERE c.contact_id = ANY (:contact_ids::uuid[]) AND e.properties <> '{}'
    UNION ALL
    SELECT c.contact_id, 'workflow variables', w.status_at, v.variables, NULL
    FROM conversations AS c JOIN workflow_executions AS w ON w.conversation_id = c.id
    JOIN workflow_variables AS v ON v.execution_id = w.id
    WHERE c.contact_id = ANY (:contact_ids::uuid[]) AND v.variables <> '{}'
) AS f
ORDER BY f.contact_id, f.at DESC NULLS LAST, f.event_id


-- name: mark_read(lead_ids, heard_at, hashes)
-- :heard_at contacts.heard_at as it was when they were read, :hashes of what was read
UPDATE lead_records AS r SET read_to = v.heard_at, read_hash = v.read_hash, extracted_at = now()
FROM unnest(:lead_ids::uuid[], :heard_at::timestamptz[], :hashes::bytea[]) AS v (id, heard_at, read_hash)
WHERE r.id = v.id


-- name: insert_bot_notes(lead_ids, project_event_ids, texts, times, actor)
-- :project_event_ids ids of project events, :actor who signs
INSERT INTO lead_notes (lead_id, source, actor, text, written_at, event_id)
SELECT v.lead_id, 'bot', :actor, v.text, coalesce(v.at, now()), v.event_id
FROM unnest(:lead_ids::uuid[], :project_event_ids::text[], :texts::text[], :times::timestamptz[])
    AS v (lead_id, event_id, text, at)
ON CONFLICT (event_id) DO NOTHING


-- name: insert_sentiments(message_id, sentiment, actor)
-- How customers feel now, where that is other than last time; the conversation is that of the message.
INSERT INTO conversation_sentiments (conversation_id, message_id, sentiment, actor)
SELECT m.conversation_id, m.id, v.sentiment, v.actor
FROM unnest(:message_id::text[], :sentiment::text[], :actor::text[]) AS v (message_id, sentiment, actor)
    JOIN messages AS m ON m.id = v.message_id
    JOIN conversations AS t ON t.id = m.conversation_id
WHERE v.sentiment IS DISTINCT FROM (SELECT h.sentiment FROM conversation_sentiments AS h
                                    WHERE h.conversation_id = m.conversation_id ORDER BY h.read_at DESC LIMIT 1)
ON CONFLICT (conversation_id, message_id) DO UPDATE SET
    sentiment = excluded.sentiment, actor = excluded.actor, read_at = excluded.read_at


-- name: insert_unrecognized_facts(names)
-- Count names of facts that no field can hold. Once 500 names are stored, new ones are counted under '(others)'. :names
-- sorted; a name appears once for each reading that met it
INSERT INTO unrecognized_facts AS u (name, readings)
SELECT CASE WHEN (SELECT count(*) FROM unrecognized_facts) < 500 OR EXISTS (SELECT FROM unrecognized_facts AS k
    WHERE k.name = v.name)
            THEN v.name ELSE '(others)' END AS known, count(*)
FROM unnest(:names::text[]) AS v (name)
GROUP BY known ORDER BY known
ON CONFLICT (name) DO UPDATE SET readings = u.readings + excluded.readings, last_seen_at = now()


-- name: unread_executions(count)
-- Runs of the bot that have ended and whose variables were never read, newest first.
SELECT w.id FROM workflow_executions AS w
WHERE w.conversation_id IS NOT NULL AND w.status IS NOT NULL AND w.status_at > now() - interval '7 days'
  AND NOT EXISTS (SELECT FROM workflow_variables AS v WHERE v.execution_id = w.id)
ORDER BY w.status_at DESC LIMIT :count


-- name: insert_variables(execution_id, variables)
-- :variables variables; nothing where the run has been erased meanwhile
WITH kept AS (
    INSERT INTO workflow_variables (execution_id, variables)
    SELECT w.id, :variables FROM workflow_executions AS w WHERE w.id = :execution_id FOR KEY SHARE
    ON CONFLICT (execution_id) DO UPDATE SET variables = excluded.variables, read_at = now()
)
UPDATE contacts AS p SET heard_at = clock_timestamp()
FROM workflow_executions AS w JOIN conversations AS c ON c.id = w.conversation_id
WHERE w.id = :execution_id AND p.id = c.contact_id


-- name: extraction_began
SELECT extract(epoch FROM now() - max(began_at))::float8 FROM extraction_runs


-- name: take_reading
-- Held until left, or until the connection of whoever took it is gone.
SELECT pg_try_advisory_lock(hashtext('reading chats'))


-- name: leave_reading
SELECT pg_advisory_unlock(hashtext('reading chats'))


-- name: begin_extraction(model_per_minute)
INSERT INTO extraction_runs (began_at, model_per_minute) VALUES (now(), :model_per_minute) RETURNING id


-- name: end_extraction(id, due, unchanged, read, changed, suggested, busy, error)
UPDATE extraction_runs SET ended_at = now(), due = :due, unchanged = :unchanged, read = :read, changed = :changed,
    suggested = :suggested, busy = :busy,
    error = :error
WHERE id = :id


-- name: prune_extractions(before)
DELETE FROM extraction_runs WHERE began_at < :before
