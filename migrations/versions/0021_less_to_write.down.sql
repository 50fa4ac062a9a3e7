SET lock_timeout = '5s';
DROP INDEX CONCURRENTLY IF EXISTS conversations_by_contact;
CREATE INDEX CONCURRENTLY conversations_by_contact ON conversations (contact_id, last_active_at DESC);
DROP INDEX CONCURRENTLY IF EXISTS conversations_of_contact;
ALTER TABLE conversations DROP CONSTRAINT IF EXISTS conversations_contact_id_fkey;
ALTER TABLE conversations ADD CONSTRAINT conversations_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES contacts NOT VALID;
ALTER TABLE conversations VALIDATE CONSTRAINT conversations_contact_id_fkey;
ALTER TABLE messages DROP CONSTRAINT IF EXISTS messages_contact_id_fkey,
    DROP CONSTRAINT IF EXISTS messages_conversation_id_fkey;
ALTER TABLE messages ADD CONSTRAINT messages_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES contacts NOT VALID,
    ADD CONSTRAINT messages_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations NOT VALID;
ALTER TABLE messages VALIDATE CONSTRAINT messages_contact_id_fkey;
ALTER TABLE messages VALIDATE CONSTRAINT messages_conversation_id_fkey;
