DROP TRIGGER IF EXISTS contacts_wait ON contacts;
DROP TRIGGER IF EXISTS contacts_heard ON contacts;
DROP FUNCTION IF EXISTS contact_waits;
DROP FUNCTION IF EXISTS contact_heard;
DROP FUNCTION IF EXISTS waiting_since;
COMMENT ON COLUMN contacts.heard_at IS 'When something of this person last came in here (not when it was said): tells extraction and live pages what to look at again.';
ALTER TABLE contacts DROP COLUMN waiting_since, DROP COLUMN heard_lately;
