-- Contacts that are gone at Kapso and still here.
SELECT count(*) FROM vanished_contacts
