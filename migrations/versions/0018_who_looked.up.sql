-- Lists, searches and reads are noted too: who, which filter, how many, whom.
ALTER TABLE access_log
    ADD COLUMN filter    jsonb,
    ADD COLUMN shown     integer CHECK (shown >= 0),
    ADD COLUMN lead_ids  uuid[] CHECK (cardinality(lead_ids) <= 50),
    DROP CONSTRAINT access_log_action_check,
    ADD CONSTRAINT access_log_action_check
        CHECK (action IN ('open', 'export', 'erase', 'handoffs', 'clear', 'list', 'search', 'read'));
COMMENT ON TABLE access_log IS 'Who looked at, exported or erased whom, and when. Kept for ACCESS_LOG_DAYS.';
COMMENT ON COLUMN access_log.filter IS 'What was asked for; of words that were searched for only how long they were.';
COMMENT ON COLUMN access_log.shown IS 'How many leads or customers the answer held.';
COMMENT ON COLUMN access_log.lead_ids IS 'Which ones; null where they were more than 50.';
CREATE INDEX access_log_by_time ON access_log (at DESC, id DESC);
CREATE INDEX access_log_by_shown ON access_log USING gin (lead_ids);
-- Customers are listed by when they came, the oldest first.
CREATE INDEX lead_records_oldest ON lead_records (created_at, id) WHERE deleted_at IS NULL;
