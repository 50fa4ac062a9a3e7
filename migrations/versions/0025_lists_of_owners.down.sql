SET lock_timeout = '5s';
DROP INDEX CONCURRENTLY IF EXISTS lead_records_by_owner;
DROP INDEX CONCURRENTLY IF EXISTS lead_records_snoozed;
DROP INDEX CONCURRENTLY IF EXISTS lead_records_by_tag;
