-- The lead database on the mirror. What Kapso says stays in the mirror's tables; here stands what people, agents, AI and
-- bots say of a person. Readers use the views leads and lead_list, which put both side by side.

ALTER TABLE contacts ADD COLUMN heard_at timestamptz;
UPDATE contacts SET heard_at = now() WHERE last_message_at IS NOT NULL;
CREATE INDEX contacts_by_recency ON contacts ((coalesce(last_message_at, '-infinity')) DESC, id DESC);
DROP INDEX contacts_by_last_message;
COMMENT ON COLUMN contacts.heard_at IS 'When something of this person last came in here (not when it was said): tells extraction and live pages what to look at again.';
-- What retention drops is found by its age; so small that writing does not feel it.
CREATE INDEX messages_by_age ON messages USING brin (sent_at);
CREATE TABLE lead_records (
    id                      uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    contact_id              uuid NOT NULL UNIQUE REFERENCES contacts,
    phone                   text CHECK (phone ~ '^\+[0-9]{1,20}$'),
    name                    text CHECK (length(name) BETWEEN 1 AND 200),
    business_type           text CHECK (length(business_type) BETWEEN 1 AND 200),
    domisili                text CHECK (length(domisili) BETWEEN 1 AND 200),
    business_duration       text CHECK (length(business_duration) BETWEEN 1 AND 200),
    story                   text CHECK (length(story) BETWEEN 1 AND 4000),
    language                text CHECK (language ~ '^[a-z]{2,8}$'),
    pain_points             text[] CHECK (cardinality(pain_points) > 0),
    interest_motivation     text CHECK (length(interest_motivation) BETWEEN 1 AND 500),
    priority                text CHECK (length(priority) BETWEEN 1 AND 200),
    urgency_level           text CHECK (urgency_level IN ('high', 'medium', 'low')),
    lead_score              integer CHECK (lead_score BETWEEN 0 AND 100),
    lead_temperature        text CHECK (lead_temperature IN ('hot', 'warm', 'lukewarm', 'cold')),
    closing_technique_used  text CHECK (length(closing_technique_used) BETWEEN 1 AND 200),
    objection_raised        text CHECK (length(objection_raised) BETWEEN 1 AND 500),
    chat_phase              text CHECK (chat_phase IN ('A', 'B', 'C', 'D')),
    status                  text NOT NULL DEFAULT 'new'
                            CHECK (status IN ('new', 'qualified', 'contacted', 'converted', 'archived')),
    signals                 jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(signals) = 'object'),
    set_by                  jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(set_by) = 'object'),
    version                 integer NOT NULL DEFAULT 1 CHECK (version > 0),
    created_at              timestamptz NOT NULL DEFAULT now(),
    changed_at              timestamptz NOT NULL DEFAULT now(),
    status_changed_at       timestamptz NOT NULL DEFAULT now(),
    converted_at            timestamptz,
    extracted_at            timestamptz,
    read_to                 timestamptz,
    read_hash               bytea,
    CHECK (status <> 'converted' OR converted_at IS NOT NULL)
) WITH (fillfactor = 70);
COMMENT ON TABLE lead_records IS 'What people, agents, AI and bots say of one contact. Written by the service layer only, each change with a row in lead_changes. Read it through the views leads and lead_list.';
COMMENT ON COLUMN lead_records.set_by IS 'Field to the source that holds it: human, agent, ai, bot. Only the same or a higher one may change it.';
COMMENT ON COLUMN lead_records.read_to IS 'contacts.heard_at as extraction last saw it.';
COMMENT ON COLUMN lead_records.read_hash IS 'Hash of what extraction last read; the same again is not read again.';
CREATE INDEX lead_records_by_status ON lead_records (status);
CREATE INDEX lead_records_by_temperature ON lead_records (lead_temperature);
CREATE INDEX lead_records_by_phase ON lead_records (chat_phase);
CREATE INDEX lead_records_by_city ON lead_records (lower(domisili));
CREATE INDEX lead_records_by_score ON lead_records (lead_score);
INSERT INTO lead_records (contact_id) SELECT id FROM contacts;
CREATE TABLE lead_aliases (
    old_id     uuid PRIMARY KEY,
    lead_id    uuid NOT NULL REFERENCES lead_records ON DELETE CASCADE,
    merged_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE lead_aliases IS 'Ids of leads whose contacts turned out to be one person; resolve them here.';
CREATE INDEX lead_aliases_by_lead ON lead_aliases (lead_id);
CREATE TABLE lead_changes (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lead_id     uuid NOT NULL REFERENCES lead_records ON DELETE CASCADE,
    field       text NOT NULL,
    old         jsonb,
    new         jsonb,
    source      text NOT NULL CHECK (source IN ('human', 'agent', 'ai', 'bot', 'kapso')),
    actor       text NOT NULL CHECK (actor <> ''),
    reason      text,
    message_id  text,
    quote       text,
    confidence  real CHECK (confidence BETWEEN 0 AND 1),
    changed_at  timestamptz NOT NULL DEFAULT now(),
    CHECK (quote IS NULL OR message_id IS NOT NULL)
);
COMMENT ON TABLE lead_changes IS 'One row per changed field: the audit trail, the status history, and the answer to "why is this so". Nothing is ever changed or deleted here but by erasing a person.';
COMMENT ON COLUMN lead_changes.source IS 'What kind of author: human > agent (on a human''s behalf) > ai > bot > kapso (the profile).';
COMMENT ON COLUMN lead_changes.actor IS 'Which one: a user, an API key, a model and its release, the rules, the bot.';
COMMENT ON COLUMN lead_changes.quote IS 'The words that say so, as they stand in the message.';
COMMENT ON COLUMN lead_changes.confidence IS '0 to 1, as the source rates itself; null where it does not.';
CREATE INDEX lead_changes_by_field ON lead_changes (lead_id, field, id DESC);
CREATE TABLE lead_suggestions (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lead_id      uuid NOT NULL REFERENCES lead_records ON DELETE CASCADE,
    field        text NOT NULL,
    value        jsonb NOT NULL,
    source       text NOT NULL CHECK (source IN ('human', 'agent', 'ai', 'bot', 'kapso')),
    actor        text NOT NULL CHECK (actor <> ''),
    reason       text,
    message_id   text,
    quote        text,
    confidence   real CHECK (confidence BETWEEN 0 AND 1),
    made_at      timestamptz NOT NULL DEFAULT now(),
    state        text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'ignored', 'outdated')),
    answered_by  text,
    answered_at  timestamptz,
    CHECK ((state = 'open') = (answered_at IS NULL))
);
COMMENT ON TABLE lead_suggestions IS 'Values that may not replace what stands: beside a field that a person holds, or a status that AI would set. Accepted or ignored by a person; outdated by a newer one.';
CREATE UNIQUE INDEX lead_suggestions_open ON lead_suggestions (lead_id, field) WHERE state = 'open';
CREATE INDEX lead_suggestions_by_lead ON lead_suggestions (lead_id, id);
CREATE TABLE lead_notes (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lead_id     uuid NOT NULL REFERENCES lead_records ON DELETE CASCADE,
    source      text NOT NULL CHECK (source IN ('human', 'agent', 'ai', 'bot')),
    actor       text NOT NULL CHECK (actor <> ''),
    text        text NOT NULL CHECK (length(text) BETWEEN 1 AND 10000),
    written_at  timestamptz NOT NULL DEFAULT now(),
    corrects    bigint UNIQUE REFERENCES lead_notes ON DELETE CASCADE,
    event_id    text UNIQUE,
    CHECK (corrects <> id)
);
COMMENT ON TABLE lead_notes IS 'The timeline of notes. A correction is a note of its own that names the one it corrects; the old text stays.';
COMMENT ON COLUMN lead_notes.event_id IS 'The project event by which a bot wrote it.';
CREATE INDEX lead_notes_by_lead ON lead_notes (lead_id, written_at);
CREATE TABLE workflow_variables (
    execution_id  text PRIMARY KEY,
    variables     jsonb NOT NULL,
    read_at       timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE workflow_variables IS 'What the bot knew when it handed a run over or failed, as Kapso''s REST API told.';
CREATE TABLE extraction_runs (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    began_at   timestamptz NOT NULL,
    ended_at   timestamptz,
    due        integer NOT NULL DEFAULT 0,
    unchanged  integer NOT NULL DEFAULT 0,
    read       integer NOT NULL DEFAULT 0,
    changed    integer NOT NULL DEFAULT 0,
    suggested  integer NOT NULL DEFAULT 0,
    busy       integer NOT NULL DEFAULT 0,
    error      text
);
COMMENT ON TABLE extraction_runs IS 'Each pass over the leads of whom something came in: how many were due, unchanged since, read, changed, got a suggestion, or were being edited and are left to the next pass.';
CREATE INDEX extraction_runs_by_begin ON extraction_runs (began_at);
CREATE TABLE model_days (
    day       date PRIMARY KEY,
    requests  bigint NOT NULL DEFAULT 0,
    tokens    bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE model_days IS 'What the language model was asked and cost, by day (UTC); MODEL_TOKENS_PER_DAY stops it.';
CREATE TABLE access_log (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT now(),
    actor    text NOT NULL,
    action   text NOT NULL CHECK (action IN ('open', 'export', 'erase')),
    lead_id  uuid
);
COMMENT ON TABLE access_log IS 'Who opened, exported or erased which lead, and when.';
CREATE INDEX access_log_by_lead ON access_log (lead_id, at);
CREATE TABLE tombstones (
    token      bytea PRIMARY KEY,
    erased_at  timestamptz NOT NULL
);
COMMENT ON TABLE tombstones IS 'Keyed hashes (ERASURE_KEY) of names, message ids and conversation ids of erased people: what is said of the time before stays out.';
