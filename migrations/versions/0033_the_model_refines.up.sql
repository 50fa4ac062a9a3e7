CREATE TABLE model_readings (
    lead_id    uuid PRIMARY KEY REFERENCES lead_records ON DELETE CASCADE,
    is_due     boolean NOT NULL DEFAULT true,
    heard_at   timestamptz NOT NULL,
    lines      text[] NOT NULL DEFAULT '{}',
    taken_at   timestamptz
);
CREATE INDEX model_readings_due ON model_readings (heard_at) WHERE is_due;
COMMENT ON TABLE model_readings IS 'Chats for a language model, one row for each lead. The rules read a chat first; the model reads it afterwards, if MODEL_URL is set.';
COMMENT ON COLUMN model_readings.is_due IS 'Whether the rules have read the chat since the model read it last.';
COMMENT ON COLUMN model_readings.heard_at IS 'contacts.heard_at of what the rules have read.';
COMMENT ON COLUMN model_readings.lines IS 'Ids of the messages that the model read last. What it found there stands over the rules.';
COMMENT ON COLUMN model_readings.taken_at IS 'When a process began to read it with the model. After five minutes another one may take it.';

ALTER TABLE extraction_runs ADD COLUMN model_per_minute integer CHECK (model_per_minute > 0);
COMMENT ON COLUMN extraction_runs.model_per_minute IS 'The most chats that the language model reads in a minute (MODEL_CHATS_PER_MINUTE). Null without a model.';

COMMENT ON TABLE lead_changes IS 'One row per changed field: the audit trail, the status history, and the answer to "why is this so". Rows are deleted only with their person. Merging two leads moves rows to the remaining lead.';
COMMENT ON COLUMN contacts.questions IS 'A counter that rises with each inbound message except reactions (is_question), and by 1 when newer messages or another lead are merged in. It never falls: if it differs from a number that was read before, the contact has written since.';
COMMENT ON TABLE deliveries IS 'Every accepted POST, and every polled page that changed a row, as raw bytes with its counts: events = applied + ignored + dead. A partition per day (UTC), dropped after the retention.';
