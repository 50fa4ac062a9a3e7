SET lock_timeout = '5s';
DROP INDEX CONCURRENTLY IF EXISTS lead_changes_by_time;
DROP INDEX CONCURRENTLY IF EXISTS lead_records_with_value;
DROP INDEX CONCURRENTLY IF EXISTS lead_records_by_creation;
