-- Conversations as a support desk sees them: how people feel, tickets, several people on one lead, names it expects.

CREATE TABLE conversation_sentiments (
    conversation_id  uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    message_id       text COLLATE "C" NOT NULL,
    sentiment        text NOT NULL CHECK (sentiment IN ('positive', 'neutral', 'negative', 'urgent')),
    actor            text NOT NULL CHECK (actor <> ''),
    read_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (conversation_id, message_id)
);
COMMENT ON TABLE conversation_sentiments IS 'How the customer felt, each time that it changed, and the message that shows it. Filled by the reading of chats.';
CREATE INDEX conversation_sentiments_by_time ON conversation_sentiments (conversation_id, read_at DESC);

CREATE VIEW conversation_insights AS
SELECT v.id AS conversation_id, r.id AS lead_id,
    coalesce((SELECT m.direction = 'inbound' FROM messages AS m WHERE m.conversation_id = v.id
              ORDER BY m.sent_at DESC NULLS LAST, m.id DESC LIMIT 1), false) AS awaiting_reply,
    s.sentiment, s.message_id AS sentiment_message_id, s.read_at AS sentiment_at,
    (SELECT jsonb_agg(jsonb_build_object('sentiment', h.sentiment, 'message_id', h.message_id, 'at', h.read_at)
                      ORDER BY h.read_at)
     FROM conversation_sentiments AS h WHERE h.conversation_id = v.id) AS sentiment_history
FROM conversations AS v JOIN lead_records AS r ON r.contact_id = v.contact_id
    LEFT JOIN LATERAL (SELECT h.sentiment, h.message_id, h.read_at FROM conversation_sentiments AS h
                       WHERE h.conversation_id = v.id ORDER BY h.read_at DESC LIMIT 1) AS s ON true
WHERE r.deleted_at IS NULL;
COMMENT ON VIEW conversation_insights IS 'What was found out about each conversation, beside what Kapso says of it (conversations).';
COMMENT ON COLUMN conversation_insights.sentiment IS 'positive, neutral, negative or urgent; null until the chat was read.';
COMMENT ON COLUMN conversation_insights.sentiment_history IS 'Each change of it, oldest first, with the message that shows it.';

CREATE TABLE lead_contacts (
    lead_id     uuid NOT NULL REFERENCES lead_records ON DELETE CASCADE,
    contact_id  uuid NOT NULL REFERENCES contacts ON DELETE CASCADE,
    role        text CHECK (length(role) BETWEEN 1 AND 100),
    added_by    text NOT NULL CHECK (added_by <> ''),
    added_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (lead_id, contact_id)
);
COMMENT ON TABLE lead_contacts IS 'Further people on a lead (a partner, an accountant), each with a chat and a lead of their own. The lead''s first person is leads.contact_id.';
CREATE INDEX lead_contacts_by_contact ON lead_contacts (contact_id);

CREATE TABLE tickets (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    conversation_id  uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    subject          text NOT NULL CHECK (length(subject) BETWEEN 1 AND 200),
    status           text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'pending', 'solved', 'closed')),
    priority         text NOT NULL DEFAULT 'normal' CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
    assignee         text CHECK (length(assignee) BETWEEN 1 AND 100),
    opened_by        text NOT NULL CHECK (opened_by <> ''),
    version          integer NOT NULL DEFAULT 1 CHECK (version > 0),
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    solved_at        timestamptz,
    CHECK ((status IN ('solved', 'closed')) = (solved_at IS NOT NULL))
);
COMMENT ON TABLE tickets IS 'Something that a customer needs help with, in one conversation.';
COMMENT ON COLUMN tickets.status IS 'open: for us to act; pending: waits for the customer; solved; closed for good.';
CREATE INDEX tickets_by_conversation ON tickets (conversation_id);
CREATE INDEX tickets_open ON tickets (priority, id) WHERE status IN ('open', 'pending');

CREATE TABLE ticket_changes (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id   bigint NOT NULL REFERENCES tickets ON DELETE CASCADE,
    field       text NOT NULL,
    old         text,
    new         text,
    source      text NOT NULL CHECK (source IN ('human', 'agent', 'ai', 'bot')),
    actor       text NOT NULL CHECK (actor <> ''),
    changed_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ticket_changes IS 'One row per changed field of a ticket.';
CREATE INDEX ticket_changes_by_ticket ON ticket_changes (ticket_id, id);

-- The names that a support desk expects, on the same rows.
CREATE VIEW customers AS
SELECT l.id, l.name, l.email AS primary_email, coalesce(l.phone, l.mirrored_phone) AS primary_phone,
    (SELECT min(s.first_at) FROM sightings AS s WHERE s.contact_id = l.contact_id) AS first_contact_at,
    l.last_activity_at AS last_contact_at, l.created_at
FROM leads AS l;
COMMENT ON VIEW customers IS 'Everybody who ever wrote or was entered, one row each, under the id of their lead.';
COMMENT ON COLUMN customers.last_contact_at IS 'When anything last happened: a message either way, an edit.';

CREATE VIEW customer_identifiers AS
SELECT l.id AS customer_id, i.kind AS identifier_type, i.value AS identifier_value
FROM leads AS l JOIN contact_identities AS i ON i.contact_id = l.contact_id
UNION
SELECT l.id, 'email', l.email FROM leads AS l WHERE l.email IS NOT NULL
UNION
SELECT l.id, 'phone', l.phone FROM leads AS l WHERE l.phone IS NOT NULL;
COMMENT ON VIEW customer_identifiers IS 'Every name under which a customer is found: phone, email, wa_id, bsuid, parent_bsuid, kapso.';

CREATE VIEW processed_messages AS
SELECT m.id AS channel_message_id, 'whatsapp' AS channel, r.id AS customer_id, m.conversation_id, m.direction,
    m.sent_at AS processed_at
FROM messages AS m LEFT JOIN lead_records AS r ON r.contact_id = m.contact_id;
COMMENT ON VIEW processed_messages IS 'Each message once, however often Kapso delivered it: channel_message_id is unique (the key of messages).';
COMMENT ON COLUMN processed_messages.processed_at IS 'When WhatsApp says it was sent; it is here within a second of its delivery.';
