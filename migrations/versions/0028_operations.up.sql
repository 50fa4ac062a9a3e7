CREATE TABLE incidents (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name      text NOT NULL,
    what      text NOT NULL,
    began_at  timestamptz NOT NULL,
    ended_at  timestamptz NOT NULL,
    CHECK (began_at <= ended_at)
);
COMMENT ON TABLE incidents IS 'Past alarms, kept for 90 days. Current ones are in alarms.';
CREATE INDEX incidents_by_end ON incidents (ended_at);
COMMENT ON TABLE lag_samples IS 'A sample every ten seconds, kept for eight days: deliveries settled since the last, lag from receipt to commit, lag of Kapso, age of the oldest chat that waits for AI.';
