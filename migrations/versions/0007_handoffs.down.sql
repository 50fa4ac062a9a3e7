DROP INDEX workflow_executions_handed_over;
DELETE FROM access_log WHERE action IN ('handoffs', 'clear');
ALTER TABLE access_log
    DROP CONSTRAINT access_log_action_check,
    ADD CONSTRAINT access_log_action_check CHECK (action IN ('open', 'export', 'erase'));
DROP TABLE handoff_records, handoffs;
