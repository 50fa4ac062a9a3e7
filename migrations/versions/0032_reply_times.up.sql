-- Each statement commits by itself. Where one was interrupted, all are run again from the first.
SET lock_timeout = '5s';
CREATE TABLE IF NOT EXISTS reply_times (
    contact_id   uuid PRIMARY KEY REFERENCES contacts ON DELETE CASCADE,
    asked_at     timestamptz,
    answered_at  timestamptz CHECK (answered_at >= asked_at),
    as_of        timestamptz NOT NULL
);
COMMENT ON TABLE reply_times IS 'When contacts first wrote, and when they were first answered. Workers compute it from messages for the overview, within a minute of each change.';
COMMENT ON COLUMN reply_times.as_of IS 'contacts.heard_at of the messages that were read; -infinity if it was null.';
DROP INDEX CONCURRENTLY IF EXISTS lead_changes_of_status;
CREATE INDEX CONCURRENTLY lead_changes_of_status ON lead_changes (lead_id) INCLUDE (new) WHERE field = 'status';
