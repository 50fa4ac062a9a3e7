-- Who looks after a lead, words to sort leads by, and until when the inbox leaves one out; and lists that users keep.
ALTER TABLE lead_records
    ADD COLUMN owner text CONSTRAINT lead_records_owner_fkey REFERENCES users (name) ON UPDATE CASCADE ON DELETE SET NULL,
    ADD COLUMN tags text[] CHECK (cardinality(tags) BETWEEN 1 AND 20),
    ADD COLUMN snoozed_until timestamptz, ADD COLUMN snoozed_after integer,
    ADD CHECK (snoozed_until IS NULL OR snoozed_after IS NOT NULL);
ALTER TABLE contacts ADD COLUMN questions integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN contacts.questions IS 'The number of messages of this contact that the mirror stored (is_question). It only rises: if it differs from a number that was read before, the contact has written since.';
COMMENT ON COLUMN lead_records.owner IS 'users.name of who looks after them; null: nobody yet.';
COMMENT ON COLUMN lead_records.tags IS 'Words that people sort their leads by.';
COMMENT ON COLUMN lead_records.snoozed_until IS 'Until then the inbox leaves them out, unless they write.';
COMMENT ON COLUMN lead_records.snoozed_after IS 'contacts.questions when they were snoozed: once it is another, the snooze is over.';
ALTER TABLE next_steps ADD COLUMN done_at timestamptz, ADD COLUMN done_by text,
    ADD CHECK ((done_at IS NULL) = (done_by IS NULL)), ADD CHECK (done_at IS NULL OR status IN ('APPROVED', 'MODIFIED'));
COMMENT ON COLUMN next_steps.done_at IS 'When somebody carried the approved step out; null: not yet, or nobody said so.';
COMMENT ON COLUMN next_steps.done_by IS 'Who said that it is done.';
COMMENT ON TABLE lead_search IS 'Names, @username, e-mail, all numbers, trade and city of each lead as a search compares them. Kept by triggers, so that no release can forget to.';
CREATE TABLE saved_views (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id   uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name      text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
    query     jsonb NOT NULL CHECK (jsonb_typeof(query) = 'object' AND length(query::text) <= 2000),
    saved_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, name)
);
COMMENT ON TABLE saved_views IS 'Filters of the lead list that a user keeps under a name.';
COMMENT ON COLUMN saved_views.id IS 'Counts up.';
COMMENT ON COLUMN saved_views.user_id IS 'users.id: whose it is.';
COMMENT ON COLUMN saved_views.name IS 'As the user calls it.';
COMMENT ON COLUMN saved_views.query IS 'The filter: names and texts as they stand in the address of the list.';
COMMENT ON COLUMN saved_views.saved_at IS 'When it was last saved.';
CREATE TABLE owner_rules (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind     text NOT NULL CHECK (kind IN ('everybody', 'city', 'advertisement')),
    value    text CHECK (char_length(value) BETWEEN 1 AND 200),
    owners   text[] NOT NULL CHECK (cardinality(owners) BETWEEN 1 AND 50),
    given    bigint NOT NULL DEFAULT 0 CHECK (given >= 0),
    made_by  text NOT NULL,
    made_at  timestamptz NOT NULL DEFAULT now(),
    CHECK ((kind = 'everybody') = (value IS NULL))
);
COMMENT ON TABLE owner_rules IS 'Who looks after new leads that nobody was given yet. Rules of a city or an advertisement come before those of everybody.';
COMMENT ON COLUMN owner_rules.id IS 'Counts up. Of several rules that fit, the oldest applies.';
COMMENT ON COLUMN owner_rules.kind IS 'everybody: all new leads; city: those of one city; advertisement: those who came from one.';
COMMENT ON COLUMN owner_rules.value IS 'The city, or words that the advertisement''s headline holds.';
COMMENT ON COLUMN owner_rules.owners IS 'Names of users who take turns.';
COMMENT ON COLUMN owner_rules.given IS 'How many leads it has given away: whose turn it is.';
COMMENT ON COLUMN owner_rules.made_by IS 'Who made the rule.';
COMMENT ON COLUMN owner_rules.made_at IS 'It applies to leads that came after this.';
