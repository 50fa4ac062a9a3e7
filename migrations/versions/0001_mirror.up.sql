-- The mirror: what Kapso says. Nothing that people, bots or AI say is stored in these tables.
-- Text that takes part in a comparison has COLLATE "C", so that "greater" means the same here and in Python.

CREATE TABLE contacts (
    id                       uuid PRIMARY KEY,
    phone                    text,
    wa_id                    text,
    business_scoped_user_id  text,
    username                 text,
    name                     text,
    first_seen_at            timestamptz,
    last_message_at          timestamptz,
    last_inbound_at          timestamptz,
    last_outbound_at         timestamptz,
    last_message_id          text COLLATE "C",
    last_message_text        text,
    last_message_type        text,
    last_message_direction   text,
    marketing_preference     text,
    marketing_preference_at  timestamptz,
    CHECK (phone ~ '^\+[0-9]{1,20}$'),
    CHECK (wa_id ~ '^[0-9]{1,20}$')
) WITH (fillfactor = 80);
COMMENT ON TABLE contacts IS 'One row per person. Derived from sightings and messages; ids are random and old ids keep resolving through contact_aliases.';
COMMENT ON COLUMN contacts.phone IS 'E.164 with +; null for people known only by a business-scoped user id, and for those whose number has passed to somebody else.';
COMMENT ON COLUMN contacts.wa_id IS 'Bare digits as WhatsApp says them.';
COMMENT ON COLUMN contacts.name IS 'As Kapso shows it: display name, else profile name.';
COMMENT ON COLUMN contacts.first_seen_at IS 'The earliest time of an event that names this person.';
COMMENT ON COLUMN contacts.last_message_at IS 'When the newest message was sent; reactions are skipped in all last_ columns but last_inbound_at and last_outbound_at.';
CREATE INDEX contacts_by_phone ON contacts (phone);
CREATE INDEX contacts_by_last_message ON contacts (last_message_at DESC NULLS LAST, id);
CREATE TABLE contact_aliases (
    old_id      uuid PRIMARY KEY,
    contact_id  uuid NOT NULL REFERENCES contacts ON DELETE CASCADE,
    merged_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE contact_aliases IS 'Ids of contacts that turned out to be the same person as another; resolve them here.';
CREATE INDEX contact_aliases_by_contact ON contact_aliases (contact_id);
CREATE TABLE sightings (
    handle                text COLLATE "C" NOT NULL,
    bsuid                 text COLLATE "C" NOT NULL,
    contact_id            uuid REFERENCES contacts,
    held                  boolean NOT NULL DEFAULT true,
    contested             boolean NOT NULL DEFAULT false,
    replaced              boolean NOT NULL DEFAULT false,
    alone                 boolean NOT NULL DEFAULT false,
    first_at              timestamptz NOT NULL,
    last_at               timestamptz NOT NULL,
    as_wa_id              boolean NOT NULL,
    as_phone              boolean NOT NULL,
    as_parent             boolean NOT NULL,
    name                  text COLLATE "C",
    name_at               timestamptz,
    username              text COLLATE "C",
    username_at           timestamptz,
    marketing_preference  text COLLATE "C",
    marketing_sequence    bigint,
    marketing_preference_at timestamptz,
    PRIMARY KEY (handle, bsuid),
    CHECK (handle <> '' OR bsuid <> ''),
    CHECK (first_at <= last_at)
) WITH (fillfactor = 70);
COMMENT ON TABLE sightings IS 'Evidence of who is who: each pair of names (number, business-scoped id; '''' where one was not given) that events used for a person, and what was said of that person under them.';
COMMENT ON COLUMN sightings.handle IS 'A name that can pass from one person to another: +number, or kapso:id.';
COMMENT ON COLUMN sightings.bsuid IS 'Business-scoped user id (or its parent): never passes to another person.';
COMMENT ON COLUMN sightings.held IS 'Whether this person is the one last seen with the handle.';
COMMENT ON COLUMN sightings.replaced IS 'Whether another business-scoped id has taken the place of this one.';
COMMENT ON COLUMN sightings.alone IS 'Whether this is all that was seen of its contact.';
COMMENT ON COLUMN sightings.contested IS 'Whether more than one person was ever seen with the handle.';
CREATE INDEX sightings_by_contact ON sightings (contact_id);
CREATE INDEX sightings_by_bsuid ON sightings (bsuid) WHERE bsuid <> '';
CREATE TABLE identity_joins (
    a     text COLLATE "C" NOT NULL,
    b     text COLLATE "C" NOT NULL,
    kind  text NOT NULL CHECK (kind IN ('line', 'previous', 'parent')),
    PRIMARY KEY (a, b, kind)
);
COMMENT ON TABLE identity_joins IS 'Two names of one person, for good: line = two spellings of one number, previous = an id and the one it replaced, parent = an id (a) and its parent (b).';
CREATE INDEX identity_joins_by_b ON identity_joins (b);
CREATE TABLE contact_identities (
    kind        text COLLATE "C" NOT NULL CHECK (kind IN ('wa_id', 'phone', 'bsuid', 'parent_bsuid', 'email', 'kapso')),
    value       text COLLATE "C" NOT NULL CHECK (value <> ''),
    contact_id  uuid NOT NULL REFERENCES contacts,
    PRIMARY KEY (kind, value)
);
COMMENT ON TABLE contact_identities IS 'Every name under which a person is found today. A username is display only and never stands here.';
CREATE INDEX contact_identities_by_contact ON contact_identities (contact_id);
CREATE TABLE phone_numbers (
    id                      text COLLATE "C" PRIMARY KEY,
    display_phone_number    text COLLATE "C",
    display_phone_number_at timestamptz,
    name                    text COLLATE "C",
    name_at                 timestamptz,
    state                   text COLLATE "C",
    state_at                timestamptz,
    account_state           text COLLATE "C",
    account_state_at        timestamptz
);
COMMENT ON TABLE phone_numbers IS 'Our own WhatsApp numbers, by Meta''s phone number id.';
COMMENT ON COLUMN phone_numbers.state IS 'The newest lifecycle event: created, deleted, offboarded, disconnected, reconnected.';
COMMENT ON COLUMN phone_numbers.account_state IS 'The newest account event: disabled, restricted, reinstated, violation.';
CREATE TABLE conversations (
    id                    uuid PRIMARY KEY,
    contact_id            uuid REFERENCES contacts,
    named_as              text COLLATE "C",
    phone_number_id       text COLLATE "C",
    status                text COLLATE "C",
    state_at              timestamptz,
    created_at            timestamptz,
    last_active_at        timestamptz,
    ended_at              timestamptz,
    metadata              jsonb,
    metadata_at           timestamptz,
    metadata_received_at  timestamptz,
    metadata_tie          bigint
) WITH (fillfactor = 80);
COMMENT ON TABLE conversations IS 'Kapso''s sessions: the same person gets a new one after a day of silence.';
COMMENT ON COLUMN conversations.named_as IS 'The name by which the contact was found: a business-scoped id, else +number.';
CREATE INDEX conversations_by_contact ON conversations (contact_id, last_active_at DESC);
CREATE TABLE messages (
    id               text COLLATE "C" PRIMARY KEY,
    conversation_id  uuid REFERENCES conversations,
    contact_id       uuid REFERENCES contacts,
    named_as         text COLLATE "C",
    phone_number_id  text COLLATE "C",
    direction        text COLLATE "C" CHECK (direction IN ('inbound', 'outbound')),
    type             text COLLATE "C",
    content          jsonb,
    content_at       timestamptz,
    content_tie      bigint,
    text             text COLLATE "C",
    text_at          timestamptz,
    media_url        text COLLATE "C",
    media_url_at     timestamptz,
    transcript       text COLLATE "C",
    transcript_at    timestamptz,
    reply_to_id      text COLLATE "C",
    origin           text COLLATE "C",
    status           text COLLATE "C",
    status_rank      smallint,
    sent_at          timestamptz,
    delivered_at     timestamptz,
    read_at          timestamptz,
    failed_at        timestamptz,
    error            jsonb,
    error_at         timestamptz,
    error_tie        bigint
) WITH (fillfactor = 80);
COMMENT ON TABLE messages IS 'One row per WhatsApp message (wamid), whatever event spoke of it first.';
COMMENT ON COLUMN messages.named_as IS 'The name by which the contact was found: a business-scoped id, else +number; null when only the conversation was named.';
COMMENT ON COLUMN messages.text IS 'What the person wrote, chose or captioned; never a rendering.';
COMMENT ON COLUMN messages.content IS 'The part of the payload that is named like the type; for a reaction it names its target.';
COMMENT ON COLUMN messages.status IS 'The furthest of pending < sent < failed < delivered < read < played; inbound: received.';
CREATE INDEX messages_by_contact ON messages (contact_id, sent_at DESC NULLS LAST, id DESC);
CREATE INDEX messages_by_conversation ON messages (conversation_id, sent_at);
CREATE INDEX messages_nameless ON messages (conversation_id) WHERE named_as IS NULL;
CREATE TABLE workflow_executions (
    id               text COLLATE "C" PRIMARY KEY,
    workflow_id      text COLLATE "C",
    conversation_id  uuid,
    channel          text COLLATE "C",
    tracking_id      text COLLATE "C",
    status           text COLLATE "C",
    status_at        timestamptz,
    handoff          jsonb,
    handoff_at       timestamptz,
    handoff_tie      bigint,
    error            jsonb,
    error_at         timestamptz,
    error_tie        bigint
);
COMMENT ON TABLE workflow_executions IS 'Bot runs that were handed to a person or failed; Kapso pushes no others.';
CREATE INDEX workflow_executions_by_conversation ON workflow_executions (conversation_id);
CREATE TABLE project_events (
    id               text COLLATE "C" PRIMARY KEY,
    name             text COLLATE "C",
    conversation_id  uuid,
    occurred_at      timestamptz,
    properties       jsonb,
    properties_tie   bigint
);
COMMENT ON TABLE project_events IS 'Named business events that bots and functions emit.';
CREATE INDEX project_events_by_conversation ON project_events (conversation_id, occurred_at);
CREATE TABLE deliveries (
    id               uuid NOT NULL,
    received_at      timestamptz NOT NULL,
    source           text NOT NULL CHECK (source IN ('push', 'poll', 'replay')),
    event            text,
    idempotency_key  text,
    version          text,
    body             bytea NOT NULL,
    events           integer NOT NULL,
    applied          integer NOT NULL,
    ignored          integer NOT NULL,
    dead             integer NOT NULL,
    settled_at       timestamptz NOT NULL,
    PRIMARY KEY (received_at, id),
    CHECK (events = applied + ignored + dead)
) PARTITION BY RANGE (received_at);
COMMENT ON TABLE deliveries IS 'Every accepted POST, raw, with its books: events = applied + ignored + dead. A partition per day (UTC), dropped after the retention.';
CREATE TABLE deliveries_default PARTITION OF deliveries DEFAULT;
CREATE TABLE delivery_days (
    day         date PRIMARY KEY,
    deliveries  bigint NOT NULL,
    events      bigint NOT NULL,
    applied     bigint NOT NULL,
    ignored     bigint NOT NULL,
    dead        bigint NOT NULL,
    CHECK (events = applied + ignored + dead)
);
COMMENT ON TABLE delivery_days IS 'The books of days whose deliveries have been dropped.';
CREATE TABLE dead_letters (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery_id      uuid NOT NULL,
    position         integer NOT NULL,
    received_at      timestamptz NOT NULL,
    event            text,
    idempotency_key  text,
    version          text,
    body             bytea NOT NULL,
    error_kind       text NOT NULL,
    error            text NOT NULL,
    fingerprint      text NOT NULL,
    attempts         integer NOT NULL DEFAULT 1 CHECK (attempts > 0),
    first_failed_at  timestamptz NOT NULL DEFAULT now(),
    last_failed_at   timestamptz NOT NULL DEFAULT now(),
    state            text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'replayed', 'discarded')),
    UNIQUE (delivery_id, position)
);
COMMENT ON TABLE dead_letters IS 'Events that failed for good, with the exact bytes of their delivery; position is the event''s place in it.';
CREATE INDEX dead_letters_open ON dead_letters (first_failed_at) WHERE state = 'open';
