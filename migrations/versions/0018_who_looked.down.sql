DROP INDEX lead_records_oldest, access_log_by_shown, access_log_by_time;
DELETE FROM access_log WHERE action IN ('list', 'search', 'read');
ALTER TABLE access_log
    DROP CONSTRAINT access_log_action_check,
    ADD CONSTRAINT access_log_action_check CHECK (action IN ('open', 'export', 'erase', 'handoffs', 'clear')),
    DROP COLUMN filter, DROP COLUMN shown, DROP COLUMN lead_ids;
COMMENT ON TABLE access_log IS 'Who opened, exported or erased which lead, and when.';
