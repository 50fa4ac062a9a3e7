-- A contact by its id, its lead's id, or a name of it in any form, also under ids that were merged into it.
-- $1 what was given
SELECT c.id AS contact_id, r.id AS lead_id
FROM contacts AS c JOIN lead_records AS r ON r.contact_id = c.id
WHERE c.id::text = $1 OR r.id::text = $1
   OR c.id IN (SELECT i.contact_id FROM contact_identities AS i
               WHERE i.value = $1 OR ltrim(i.value, '+') = regexp_replace($1, '[^0-9]', '', 'g'))
   OR c.id IN (SELECT a.contact_id FROM contact_aliases AS a WHERE a.old_id::text = $1)
   OR r.id IN (SELECT l.lead_id FROM lead_aliases AS l WHERE l.old_id::text = $1)
   OR c.username = ltrim($1, '@')
ORDER BY c.id LIMIT 2
