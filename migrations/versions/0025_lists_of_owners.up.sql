-- Each statement commits by itself. Where one was interrupted, all are run again from the first.
SET lock_timeout = '5s';
DROP INDEX CONCURRENTLY IF EXISTS lead_records_by_owner;
CREATE INDEX CONCURRENTLY lead_records_by_owner ON lead_records (owner) WHERE owner IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS lead_records_snoozed;
CREATE INDEX CONCURRENTLY lead_records_snoozed ON lead_records (snoozed_until) WHERE snoozed_until IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS lead_records_by_tag;
CREATE INDEX CONCURRENTLY lead_records_by_tag ON lead_records USING gin (tags) WHERE tags IS NOT NULL;
