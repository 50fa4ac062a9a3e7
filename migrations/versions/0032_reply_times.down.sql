SET lock_timeout = '5s';
DROP INDEX CONCURRENTLY IF EXISTS lead_changes_of_status;
DROP TABLE IF EXISTS reply_times;
