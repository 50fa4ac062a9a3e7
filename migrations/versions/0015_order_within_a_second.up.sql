-- Each statement commits by itself. Where one was interrupted, all are run again from the first.
DROP INDEX CONCURRENTLY IF EXISTS messages_by_contact_next;
CREATE INDEX CONCURRENTLY messages_by_contact_next ON messages
    (contact_id, sent_at DESC NULLS LAST, coalesce(first_received_at, '-infinity') DESC, id DESC);
DROP INDEX CONCURRENTLY IF EXISTS messages_by_contact;
ALTER INDEX messages_by_contact_next RENAME TO messages_by_contact;
DROP INDEX CONCURRENTLY IF EXISTS messages_by_group_member;
CREATE INDEX CONCURRENTLY messages_by_group_member ON messages (group_member) WHERE group_member IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS messages_without_contact;
CREATE INDEX CONCURRENTLY messages_without_contact ON messages (id) WHERE contact_id IS NULL AND group_id IS NULL;
DROP INDEX CONCURRENTLY IF EXISTS messages_referred;
CREATE INDEX CONCURRENTLY messages_referred ON messages
    (contact_id, sent_at, coalesce(first_received_at, '-infinity'), id)
    WHERE referral IS NOT NULL OR referred_product IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS messages_with_cards;
CREATE INDEX CONCURRENTLY messages_with_cards ON messages (id) WHERE type = 'contacts';
DROP INDEX CONCURRENTLY IF EXISTS contacts_by_recency_next;
CREATE INDEX CONCURRENTLY contacts_by_recency_next ON contacts
    ((coalesce(last_message_at, '-infinity')) DESC, (coalesce(last_message_received_at, '-infinity')) DESC, id DESC);
DROP INDEX CONCURRENTLY IF EXISTS contacts_by_recency;
ALTER INDEX contacts_by_recency_next RENAME TO contacts_by_recency;
DROP INDEX CONCURRENTLY IF EXISTS contacts_waiting_next;
CREATE INDEX CONCURRENTLY contacts_waiting_next ON contacts
    ((coalesce(last_message_at, '-infinity')), (coalesce(last_message_received_at, '-infinity')), id)
    WHERE last_message_direction = 'inbound';
DROP INDEX CONCURRENTLY IF EXISTS contacts_waiting;
ALTER INDEX contacts_waiting_next RENAME TO contacts_waiting;
ALTER TABLE messages VALIDATE CONSTRAINT messages_of_groups;
