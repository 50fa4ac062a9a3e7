-- Each statement commits by itself. Where one was interrupted, all are run again from the first.
SET lock_timeout = '5s';
-- A batch writes contacts, conversations and messages in this order, in one transaction, under locks that keep merges and
-- erasures out: the keys hold without being looked up for each row (the statement orphans counts what breaks them).
ALTER TABLE messages DROP CONSTRAINT IF EXISTS messages_contact_id_fkey,
    DROP CONSTRAINT IF EXISTS messages_conversation_id_fkey;
ALTER TABLE conversations DROP CONSTRAINT IF EXISTS conversations_contact_id_fkey;
-- With last_active_at in it, each event moved an entry; without, an update of a conversation touches no index.
DROP INDEX CONCURRENTLY IF EXISTS conversations_of_contact;
CREATE INDEX CONCURRENTLY conversations_of_contact ON conversations (contact_id);
DROP INDEX CONCURRENTLY IF EXISTS conversations_by_contact;
