-- A dead letter points to its delivery. The bytes are stored once: in `deliveries`, and once that day is dropped, in the
-- letter of the delivery that has the least position.
ALTER TABLE dead_letters ALTER COLUMN body DROP NOT NULL;
COMMENT ON TABLE dead_letters IS 'Events that failed for good. position is the event''s place in its delivery; dead_letter_body(d) returns the delivery''s exact bytes.';
COMMENT ON COLUMN dead_letters.body IS 'The delivery''s exact bytes, where no row of deliveries holds them: they stand in one letter of the delivery, and dead_letter_body(d) returns them for all.';
-- What Redis has accepted is remembered outside of Redis: a Redis that comes back with less is recognised.
CREATE TABLE inbox_watermarks (
    shard        integer NOT NULL,
    epoch        text NOT NULL,
    accepted     bigint NOT NULL DEFAULT 0,
    accepted_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled      bigint NOT NULL DEFAULT 0,
    settled_to   timestamptz,
    kept         bigint,
    closed_at    timestamptz,
    judged_at    timestamptz,
    PRIMARY KEY (shard, epoch),
    CHECK (closed_at IS NOT NULL OR judged_at IS NULL)
);
COMMENT ON TABLE inbox_watermarks IS 'How many deliveries each stream of Redis has accepted and how many of them are settled, by epoch. An epoch is closed when Redis shows less than was accepted in it: its data were lost.';
COMMENT ON COLUMN inbox_watermarks.epoch IS 'Begins with a stream in an empty Redis; microseconds since 1970 by the clock of Redis.';
COMMENT ON COLUMN inbox_watermarks.accepted IS 'The number of the newest accepted delivery that a receiver reported; receivers report about once a second.';
COMMENT ON COLUMN inbox_watermarks.accepted_at IS 'When it was reported. Not received_at: the clock of a receiver may be wrong.';
COMMENT ON COLUMN inbox_watermarks.settled IS 'The number of the last delivery that the drain settled; all before it are settled too.';
COMMENT ON COLUMN inbox_watermarks.settled_to IS 'When Redis accepted that delivery, by the clock of Redis.';
COMMENT ON COLUMN inbox_watermarks.kept IS 'Of a closed epoch: the number up to which Redis still had the deliveries, or they were settled, when the loss was noticed.';
COMMENT ON COLUMN inbox_watermarks.judged_at IS 'When it was decided whether anything was lost (inbox_losses).';
CREATE TABLE inbox_losses (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    noticed_at       timestamptz NOT NULL DEFAULT now(),
    shard            integer NOT NULL,
    since            timestamptz NOT NULL,
    until            timestamptz NOT NULL,
    deliveries       bigint NOT NULL CHECK (deliveries > 0),
    repaired_at      timestamptz,
    missing          integer,
    acknowledged_at  timestamptz,
    acknowledged_by  text,
    CHECK (since <= until),
    CHECK ((repaired_at IS NULL) = (missing IS NULL)),
    CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL))
);
COMMENT ON TABLE inbox_losses IS 'Accepted deliveries that Redis lost before they were settled: when Redis accepted them, at most how many, and what reading that window again over REST brought back.';
COMMENT ON COLUMN inbox_losses.deliveries IS 'At most so many; some of them may have been settled.';
COMMENT ON COLUMN inbox_losses.missing IS 'How many rows were missing here when the window was read again; they are there now.';
COMMENT ON COLUMN inbox_losses.acknowledged_at IS 'When a person took note (mirror losses acknowledge): the alarm ends.';
CREATE TABLE login_addresses (
    user_id  uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    address  text NOT NULL,
    seen_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, address)
);
COMMENT ON TABLE login_addresses IS 'Addresses from which each user signed in within 90 days. The right password is never refused there.';
CREATE TABLE erasures (
    contact_id     uuid PRIMARY KEY,
    lead_id        uuid NOT NULL,
    names          text[] NOT NULL,
    conversations  text[] NOT NULL,
    messages       text[] NOT NULL,
    asked_by       text NOT NULL,
    begun_at       timestamptz NOT NULL DEFAULT now(),
    looked_to      timestamptz,
    told_at        timestamptz
);
COMMENT ON TABLE erasures IS 'Erasures that are under way, by what the person is found. The row goes, and the names with it, when nothing of the person is left.';
COMMENT ON COLUMN erasures.looked_to IS 'Raw deliveries that were received before it are looked through.';
COMMENT ON COLUMN erasures.told_at IS 'When it last came further.';
-- Messages of the same second stand in the order in which they were received.
ALTER TABLE messages
    ADD COLUMN first_received_at     timestamptz,
    ADD COLUMN group_id              text COLLATE "C",
    ADD COLUMN group_member          text COLLATE "C",
    ADD COLUMN referral              jsonb,
    ADD COLUMN referral_tie          bigint,
    ADD COLUMN referred_product      jsonb,
    ADD COLUMN referred_product_tie  bigint,
    ADD COLUMN edited_at             timestamptz,
    ADD COLUMN edited_tie            bigint,
    ADD COLUMN revoked_at            timestamptz,
    ADD COLUMN unedited_type         text COLLATE "C",
    ADD COLUMN unedited_content      jsonb,
    ADD COLUMN unedited_text         text COLLATE "C",
    ADD CONSTRAINT messages_of_groups CHECK (group_id IS NULL OR contact_id IS NULL) NOT VALID;
COMMENT ON COLUMN messages.first_received_at IS 'The earliest receipt of an event of this message, a microsecond later for each place in its delivery. Orders messages of the same second; null for those of older releases.';
COMMENT ON COLUMN messages.group_id IS 'The WhatsApp group that the message was written in. Such messages belong to no contact and to no one-to-one chat.';
COMMENT ON COLUMN messages.group_member IS 'Who of the group wrote it: a business-scoped id, else +number.';
COMMENT ON COLUMN messages.referral IS 'The advertisement or post that the person came from, as WhatsApp describes it: headline, source_id, source_url, ctwa_clid …';
COMMENT ON COLUMN messages.referred_product IS 'The product of a catalogue that the message asks about: catalog_id, product_retailer_id.';
COMMENT ON COLUMN messages.edited_at IS 'When its sender changed it last; type, content and text are then the newest ones (see message_edits).';
COMMENT ON COLUMN messages.revoked_at IS 'When its sender deleted it; the words stay here.';
COMMENT ON COLUMN messages.unedited_text IS 'Of an edited message: the words as they were sent. So are unedited_type and unedited_content.';
COMMENT ON COLUMN messages.text IS 'What the person wrote, chose or captioned; a rendering only where a text message carries its words nowhere else.';
ALTER TABLE contacts ADD COLUMN last_message_received_at timestamptz;
COMMENT ON COLUMN contacts.last_message_received_at IS 'first_received_at of the last message.';
CREATE TABLE message_edits (
    id          text COLLATE "C" PRIMARY KEY,
    message_id  text COLLATE "C" NOT NULL,
    edited_at   timestamptz NOT NULL,
    edited_tie  bigint NOT NULL,
    type        text COLLATE "C",
    content     jsonb,
    text        text COLLATE "C"
);
COMMENT ON TABLE message_edits IS 'Every edit of a message, with the words that it brought. An edit may come before its message; the words as they were sent are in messages.unedited_text.';
COMMENT ON COLUMN message_edits.id IS 'The edit''s own wamid.';
CREATE INDEX message_edits_by_message ON message_edits (message_id, edited_at);
CREATE TABLE preference_sightings (
    handle           text COLLATE "C" NOT NULL,
    bsuid            text COLLATE "C" NOT NULL,
    phone_number_id  text COLLATE "C" NOT NULL,
    preference       text COLLATE "C" NOT NULL,
    sequence         bigint NOT NULL,
    said_at          timestamptz NOT NULL,
    PRIMARY KEY (handle, bsuid, phone_number_id),
    FOREIGN KEY (handle, bsuid) REFERENCES sightings ON DELETE CASCADE
);
COMMENT ON TABLE preference_sightings IS 'Evidence: what was said, under the names of a sighting, about marketing messages from one business number. Read marketing_preferences.';
COMMENT ON COLUMN preference_sightings.phone_number_id IS 'The business number; '''' where the event named none.';
COMMENT ON COLUMN preference_sightings.sequence IS 'Kapso''s number of the event: the greater one is newer. 0 for the forwarded Meta kind.';
INSERT INTO preference_sightings (handle, bsuid, phone_number_id, preference, sequence, said_at)
SELECT handle, bsuid, '', marketing_preference, marketing_sequence, coalesce(marketing_preference_at, last_at)
FROM sightings WHERE marketing_sequence IS NOT NULL AND marketing_preference IS NOT NULL;
-- Kapso writes usernames with @, Meta without.
UPDATE sightings SET username = ltrim(username, '@') WHERE username LIKE '@%';
UPDATE contacts SET username = ltrim(username, '@') WHERE username LIKE '@%';
ALTER TABLE phone_numbers
    ADD COLUMN error      jsonb,
    ADD COLUMN error_at   timestamptz,
    ADD COLUMN error_tie  bigint;
COMMENT ON COLUMN phone_numbers.error IS 'The newest error that WhatsApp named for the number as a whole, and not for one message.';
ALTER TABLE deliveries ADD COLUMN dropped integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN deliveries.dropped IS 'How many optional values of its events were of the wrong kind and left out; the events were kept.';
