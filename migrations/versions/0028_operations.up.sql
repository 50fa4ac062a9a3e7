CREATE TABLE incidents (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name      text NOT NULL,
    what      text NOT NULL,
    began_at  timestamptz NOT NULL,
    ended_at  timestamptz NOT NULL,
    CHECK (began_at <= ended_at)
);
COMMENT ON TABLE incidents IS 'Alarms that are over, for 90 days. What stands now is in alarms.';
CREATE INDEX incidents_by_end ON incidents (ended_at);
COMMENT ON TABLE lag_samples IS 'Every ten seconds: what was settled since, how late we were with it (receipt to commit), how late Kapso was, how long the oldest chat has waited for AI. Kept for eight days.';
