-- Contacts that the mirror knows by Kapso's own id, met before $1.
SELECT substr(handle, 7) AS id FROM sightings WHERE handle LIKE 'kapso:%' AND first_at < $1
