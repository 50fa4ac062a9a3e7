DROP TRIGGER IF EXISTS contacts_wait ON contacts;
DROP TRIGGER IF EXISTS contacts_heard ON contacts;
DROP FUNCTION IF EXISTS contact_waits;
DROP FUNCTION IF EXISTS contact_heard;
DROP FUNCTION IF EXISTS waiting_since;
ALTER TABLE contacts DROP COLUMN waiting_since, DROP COLUMN heard_lately;
