-- Each statement commits by itself. Where one was interrupted, all are run again from the first.
SET lock_timeout = '5s';
DROP INDEX CONCURRENTLY IF EXISTS lead_records_by_creation;
CREATE INDEX CONCURRENTLY lead_records_by_creation ON lead_records (created_at);
DROP INDEX CONCURRENTLY IF EXISTS lead_records_with_value;
CREATE INDEX CONCURRENTLY lead_records_with_value ON lead_records (status) WHERE estimated_value IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS lead_changes_by_time;
CREATE INDEX CONCURRENTLY lead_changes_by_time ON lead_changes USING brin (changed_at);
