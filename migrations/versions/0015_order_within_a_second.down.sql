ALTER TABLE messages DROP CONSTRAINT IF EXISTS messages_of_groups;
ALTER TABLE messages ADD CONSTRAINT messages_of_groups CHECK (group_id IS NULL OR contact_id IS NULL) NOT VALID;
DROP INDEX CONCURRENTLY IF EXISTS contacts_waiting_next;
CREATE INDEX CONCURRENTLY contacts_waiting_next ON contacts ((coalesce(last_message_at, '-infinity')), id)
    WHERE last_message_direction = 'inbound';
DROP INDEX CONCURRENTLY IF EXISTS contacts_waiting;
ALTER INDEX contacts_waiting_next RENAME TO contacts_waiting;
DROP INDEX CONCURRENTLY IF EXISTS contacts_by_recency_next;
CREATE INDEX CONCURRENTLY contacts_by_recency_next ON contacts ((coalesce(last_message_at, '-infinity')) DESC, id DESC);
DROP INDEX CONCURRENTLY IF EXISTS contacts_by_recency;
ALTER INDEX contacts_by_recency_next RENAME TO contacts_by_recency;
DROP INDEX CONCURRENTLY IF EXISTS messages_with_cards;
DROP INDEX CONCURRENTLY IF EXISTS messages_referred;
DROP INDEX CONCURRENTLY IF EXISTS messages_without_contact;
DROP INDEX CONCURRENTLY IF EXISTS messages_by_group_member;
DROP INDEX CONCURRENTLY IF EXISTS messages_by_contact_next;
CREATE INDEX CONCURRENTLY messages_by_contact_next ON messages (contact_id, sent_at DESC NULLS LAST, id DESC);
DROP INDEX CONCURRENTLY IF EXISTS messages_by_contact;
ALTER INDEX messages_by_contact_next RENAME TO messages_by_contact;
