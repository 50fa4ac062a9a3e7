SET lock_timeout = '5s';
DROP INDEX CONCURRENTLY IF EXISTS contacts_by_heard;
CREATE INDEX CONCURRENTLY contacts_by_heard ON contacts (heard_at);
DROP INDEX CONCURRENTLY IF EXISTS contacts_waiting;
CREATE INDEX CONCURRENTLY contacts_waiting ON contacts
    ((coalesce(last_message_at, '-infinity')), (coalesce(last_message_received_at, '-infinity')), id)
    WHERE last_message_direction = 'inbound';
DROP INDEX CONCURRENTLY IF EXISTS contacts_heard_lately;
DROP INDEX CONCURRENTLY IF EXISTS contacts_by_waiting;
