-- Each statement commits by itself. Where one was interrupted, all are run again from the first.
SET lock_timeout = '5s';
DROP INDEX CONCURRENTLY IF EXISTS contacts_by_waiting;
CREATE INDEX CONCURRENTLY contacts_by_waiting ON contacts ((coalesce(waiting_since, '9999-12-31 00:00+00')), id);
DROP INDEX CONCURRENTLY IF EXISTS contacts_heard_lately;
CREATE INDEX CONCURRENTLY contacts_heard_lately ON contacts (id) WHERE heard_lately;
DROP INDEX CONCURRENTLY IF EXISTS contacts_waiting;
DROP INDEX CONCURRENTLY IF EXISTS contacts_by_heard;
