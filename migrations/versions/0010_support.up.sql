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
