-- name: share_who_is_who
-- Whoever merges or splits contacts holds this lock alone; everybody else who writes mirrored rows shares it.
SELECT pg_advisory_xact_lock_shared(7209318)


-- name: hold_who_is_who
-- Alone: nobody else writes mirrored rows until this transaction ends.
SELECT pg_advisory_xact_lock(7209318)


-- name: insert_dead_letters(delivery_id, position, received_at, event, idempotency_key, version, body, error_kind,
--     error, fingerprint, code_version)
-- The same event failing again raises its attempts; one that was replayed and fails again is open again.
INSERT INTO dead_letters AS d (delivery_id, position, received_at, event, idempotency_key, version, body, error_kind,
    error, fingerprint, code_version)
SELECT * FROM unnest(:delivery_id::uuid[], :position::integer[], :received_at::timestamptz[], :event::text[],
    :idempotency_key::text[], :version::text[], :body::bytea[],
                     :error_kind::text[], :error::text[], :fingerprint::text[], :code_version::text[])
ON CONFLICT (delivery_id, position) DO UPDATE SET
    attempts = d.attempts + 1, last_failed_at = now(), error_kind = excluded.error_kind, error = excluded.error,
    fingerprint = excluded.fingerprint, code_version = excluded.code_version,
    state = CASE WHEN d.state = 'replayed' THEN 'open' ELSE d.state END


-- name: insert_deliveries(id, received_at, source, event, idempotency_key, version, body, applied, ignored, dead,
--     dropped)
-- A delivery that is applied again after a crash is counted once.
INSERT INTO deliveries (id, received_at, source, event, idempotency_key, version, body, applied, ignored, dead, dropped,
    events, settled_at)
SELECT v.*, v.applied + v.ignored + v.dead, clock_timestamp()
FROM unnest(:id::uuid[], :received_at::timestamptz[], :source::text[], :event::text[], :idempotency_key::text[],
    :version::text[], :body::bytea[], :applied::integer[],
            :ignored::integer[], :dead::integer[], :dropped::integer[])
    AS v (id, received_at, source, event, idempotency_key, version, body, applied, ignored, dead, dropped)
ON CONFLICT (received_at, id) DO NOTHING


-- name: contacts_of_conversations(conversation_ids)
SELECT DISTINCT contact_id FROM conversations WHERE id = ANY (:conversation_ids::uuid[]) AND contact_id IS NOT NULL


-- name: lock_contacts(ids)
-- One order of locks for everybody who writes what belongs to a contact.
SELECT id FROM contacts WHERE id = ANY (:ids::uuid[]) ORDER BY id FOR NO KEY UPDATE


-- name: adopt_messages(conversation_ids)
-- Messages that name nobody belong to the contact of their conversation; says whose they were and whose they are now.
WITH strays AS (
    SELECT m.id, m.contact_id AS old_id, c.contact_id AS new_id
    FROM unnest(:conversation_ids::uuid[]) AS t (id)
        CROSS JOIN LATERAL (
            -- OFFSET keeps the conversation first: it leads into the index, whatever the planner thinks of its size.
            SELECT n.id, n.contact_id FROM messages AS n
            WHERE n.conversation_id = t.id AND n.named_as IS NULL AND n.group_id IS NULL OFFSET 0) AS m
        JOIN conversations AS c ON c.id = t.id
    WHERE m.contact_id IS DISTINCT FROM c.contact_id
)
UPDATE messages AS m SET contact_id = s.new_id
FROM strays AS s
WHERE m.id = s.id
RETURNING s.old_id, s.new_id


-- name: advance_contacts(message_ids, are_new)
-- What was said last, moved forward by these messages. Where something moved backwards, refresh_contacts derives it
-- anew. Messages of the same second stand in the order in which they were received.
-- waiting_since is looked up in all messages where these alone do not tell it: one came late, a send failed, or we answered
-- while they waited. :are_new whether this transaction stored them first
WITH v AS (
    SELECT m.contact_id,
        max(m.sent_at) FILTER (WHERE m.direction = 'inbound') AS inbound_at,
        max(m.sent_at) FILTER (WHERE m.direction = 'outbound') AS outbound_at,
        min(m.sent_at) FILTER (WHERE is_question(m.direction, m.type)) AS asked_at,
        max(m.sent_at) FILTER (WHERE is_answer(m.direction, m.type, m.status)) AS answered_at,
        count(*) FILTER (WHERE t.is_new AND is_question(m.direction, m.type)) AS questions,
        bool_or(m.type = 'reaction' OR m.status = 'failed') AS says_nothing,
        (array_agg(m ORDER BY m.sent_at DESC, coalesce(m.first_received_at, '-infinity') DESC, m.id DESC)
            FILTER (WHERE m.type IS DISTINCT FROM 'reaction'))[1] AS last
    FROM unnest(:message_ids::text[], :are_new::boolean[]) AS t (id, is_new) JOIN messages AS m ON m.id = t.id
    WHERE m.contact_id IS NOT NULL AND m.sent_at IS NOT NULL
    GROUP BY m.contact_id
    ORDER BY m.contact_id
), newest AS (
    SELECT v.*, m.id, m.sent_at, m.first_received_at, m.text, m.type, m.direction, m.status,
        m.id IS NOT NULL AND (c.last_message_at IS NULL
            OR (m.sent_at, coalesce(m.first_received_at, '-infinity'), m.id)
            >= (c.last_message_at, coalesce(c.last_message_received_at, '-infinity'), c.last_message_id)) AS is_last
    FROM v JOIN contacts AS c ON c.id = v.contact_id
        CROSS JOIN LATERAL (SELECT (v.last).*) AS m
)
UPDATE contacts AS c SET
    -- The contact is locked: who sees this time sees all that came before it.
    heard_at = clock_timestamp(),
    questions = c.questions + n.questions,
    last_inbound_at = greatest(c.last_inbound_at, n.inbound_at),
    last_outbound_at = greatest(c.last_outbound_at, n.outbound_at),
    last_message_at = CASE WHEN n.is_last THEN n.sent_at ELSE c.last_message_at END,
    last_message_received_at = CASE WHEN n.is_last THEN n.first_received_at ELSE c.last_message_received_at END,
    last_message_id = CASE WHEN n.is_last THEN n.id ELSE c.last_message_id END,
    last_message_text = CASE WHEN n.is_last THEN n.text ELSE c.last_message_text END,
    last_message_type = CASE WHEN n.is_last THEN n.type ELSE c.last_message_type END,
    last_message_direction = CASE WHEN n.is_last THEN n.direction ELSE c.last_message_direction END,
    waiting_since = CASE
        WHEN n.is_last AND is_answer(n.direction, n.type, n.status) THEN NULL
        WHEN n.says_nothing OR n.answered_at >= c.waiting_since OR n.asked_at < c.waiting_since
            OR (c.waiting_since IS NULL AND (n.asked_at <= c.last_message_at OR n.answered_at >= n.asked_at))
            THEN waiting_since(c.id)
        ELSE coalesce(c.waiting_since, n.asked_at) END
FROM newest AS n
WHERE c.id = n.contact_id


-- name: refresh_contacts(contact_ids)
-- All that is derived of a contact, from its sightings and messages. advance_contacts moves forward what was said last.
UPDATE contacts AS c SET
    phone = v.phone, wa_id = v.wa_id, business_scoped_user_id = v.bsuid, username = v.username, name = v.name,
    first_seen_at = v.first_seen_at, marketing_preference = v.marketing_preference,
    marketing_preference_at = v.marketing_preference_at, last_message_at = v.last_message_at,
    last_message_received_at = v.last_message_received_at, last_message_id = v.last_message_id,
    last_message_text = v.last_message_text, last_message_type = v.last_message_type,
    last_message_direction = v.last_message_direction, last_inbound_at = v.last_inbound_at,
    last_outbound_at = v.last_outbound_at, waiting_since = waiting_since(c.id),
    -- Newer messages came from another contact: they count as written now. Messages that went wake nobody.
    questions = c.questions + coalesce(v.last_inbound_at > c.last_inbound_at, v.last_inbound_at IS NOT NULL)::integer
FROM (
    SELECT t.id, held.phone, held.wa_id, bsuid.bsuid, username.username, name.name, first.first_seen_at,
        marketing.marketing_preference, marketing.marketing_preference_at, last.sent_at AS last_message_at,
        last.first_received_at AS last_message_received_at, last.id AS last_message_id, last.text
            AS last_message_text, last.type AS last_message_type,
        last.direction AS last_message_direction, inbound.sent_at AS last_inbound_at,
        outbound.sent_at AS last_outbound_at
    FROM unnest(:contact_ids::uuid[]) AS t (id)
    LEFT JOIN LATERAL (
        SELECT min(s.first_at) AS first_seen_at FROM sightings AS s
        WHERE s.contact_id = t.id AND NOT (s.contested AND s.bsuid = '')) AS first ON true
    LEFT JOIN LATERAL (
        SELECT (array_agg(s.handle ORDER BY s.as_phone DESC, s.last_at DESC, s.handle DESC))[1] AS phone,
               (array_agg(substr(s.handle, 2) ORDER BY s.last_at DESC, s.handle DESC)
                   FILTER (WHERE s.as_wa_id))[1] AS wa_id
        FROM sightings AS s
        WHERE s.contact_id = t.id AND s.held AND left(s.handle, 1) = '+') AS held ON true
    LEFT JOIN LATERAL (
        SELECT s.bsuid FROM sightings AS s
        WHERE s.contact_id = t.id AND s.bsuid <> '' AND NOT s.as_parent
        ORDER BY s.replaced, s.last_at DESC, s.bsuid DESC LIMIT 1) AS bsuid ON true
    LEFT JOIN LATERAL (
        SELECT s.name FROM sightings AS s
        WHERE s.contact_id = t.id AND s.name IS NOT NULL AND NOT (s.contested AND s.bsuid = '')
        ORDER BY s.name_at DESC, s.name DESC LIMIT 1) AS name ON true
    LEFT JOIN LATERAL (
        SELECT s.username FROM sightings AS s
        WHERE s.contact_id = t.id AND s.username IS NOT NULL AND NOT (s.contested AND s.bsuid = '')
        ORDER BY s.username_at DESC, s.username DESC LIMIT 1) AS username ON true
    LEFT JOIN LATERAL (
        -- 'stopped' for any business number wins: a user must check which number it was before writing to the contact.
        SELECT p.preference AS marketing_preference, p.said_at AS marketing_preference_at
        FROM marketing_preferences AS p WHERE p.contact_id = t.id
        ORDER BY p.preference = 'stopped' DESC, p.said_at DESC, p.phone_number_id DESC
        LIMIT 1) AS marketing ON true
    LEFT JOIN LATERAL (
        SELECT m.id, m.sent_at, m.first_received_at, m.text, m.type, m.direction FROM messages AS m
        WHERE m.contact_id = t.id AND m.sent_at IS NOT NULL AND m.type IS DISTINCT FROM 'reaction'
        ORDER BY m.sent_at DESC NULLS LAST, coalesce(m.first_received_at, '-infinity') DESC, m.id DESC
        LIMIT 1) AS last ON true
    LEFT JOIN LATERAL (
        SELECT m.sent_at FROM messages AS m
        WHERE m.contact_id = t.id AND m.sent_at IS NOT NULL AND m.direction = 'inbound'
        ORDER BY m.sent_at DESC NULLS LAST, coalesce(m.first_received_at, '-infinity') DESC, m.id DESC
            LIMIT 1) AS inbound ON true
    LEFT JOIN LATERAL (
        SELECT m.sent_at FROM messages AS m
        WHERE m.contact_id = t.id AND m.sent_at IS NOT NULL AND m.direction = 'outbound'
        ORDER BY m.sent_at DESC NULLS LAST, coalesce(m.first_received_at, '-infinity') DESC, m.id DESC
            LIMIT 1) AS outbound ON true
) AS v
WHERE c.id = v.id


-- name: hear_moved(contact_ids)
-- Messages may have come to these people, or gone from them: their chats are read again.
UPDATE contacts SET heard_at = clock_timestamp() WHERE id = ANY (:contact_ids::uuid[])


-- name: hear_contacts(conversation_ids, locked)
-- Something of these conversations came in that no message carried: a bot's event, a handover, metadata. :locked
-- contacts that are locked
UPDATE contacts AS c SET heard_at = clock_timestamp()
WHERE c.id = ANY (:locked::uuid[]) AND c.id IN (SELECT v.contact_id FROM conversations AS v
    WHERE v.id = ANY (:conversation_ids::uuid[]))
