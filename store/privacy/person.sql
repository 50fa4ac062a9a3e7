-- name: person(id, names, username)
-- A contact by its id, its lead's id, or a name of it, also under ids that were merged into it. A number or an e-mail
-- that stands on the lead only is a name too. :id (null: none was given), :names as contact_identities has them
SELECT c.id AS contact_id, r.id AS lead_id
FROM contacts AS c JOIN lead_records AS r ON r.contact_id = c.id
WHERE c.id IN (
    SELECT :id::uuid
    UNION ALL SELECT k.contact_id FROM lead_records AS k WHERE k.id = :id
    UNION ALL SELECT a.contact_id FROM contact_aliases AS a WHERE a.old_id = :id
    UNION ALL SELECT k.contact_id FROM lead_aliases AS l JOIN lead_records AS k ON k.id = l.lead_id WHERE l.old_id = :id
    UNION ALL SELECT i.contact_id FROM contact_identities AS i
    WHERE i.kind IN ('wa_id', 'phone', 'bsuid', 'parent_bsuid', 'email', 'kapso') AND i.value = ANY (:names::text[])
    UNION ALL SELECT k.contact_id FROM lead_records AS k WHERE k.phone = ANY (:names)
    UNION ALL SELECT k.contact_id FROM customer_profiles AS p JOIN lead_records AS k ON k.id = p.lead_id
    WHERE lower(p.email) = ANY (:names)
    UNION ALL SELECT u.id FROM contacts AS u WHERE u.username = :username)
ORDER BY c.id LIMIT 2


-- name: names_to_erase(contact_id)
-- All names under which a later event could bring back a contact, its messages or its conversations. Numbers that now
-- belong to somebody else are left out.
SELECT 'person' AS kind, s.handle AS name FROM sightings AS s WHERE s.contact_id = :contact_id AND s.handle <> ''
    AND s.held
UNION SELECT 'person', s.bsuid FROM sightings AS s WHERE s.contact_id = :contact_id AND s.bsuid <> ''
UNION SELECT 'person', i.value FROM contact_identities AS i WHERE i.contact_id = :contact_id
UNION SELECT 'person', j.a FROM identity_joins AS j
      JOIN contact_identities AS i ON i.value IN (j.a, j.b) WHERE i.contact_id = :contact_id
UNION SELECT 'person', j.b FROM identity_joins AS j
      JOIN contact_identities AS i ON i.value IN (j.a, j.b) WHERE i.contact_id = :contact_id
UNION SELECT 'conversation', v.id::text FROM conversations AS v WHERE v.contact_id = :contact_id
UNION SELECT 'message', m.id FROM messages AS m WHERE m.contact_id = :contact_id
UNION SELECT 'message', m.id FROM messages AS m WHERE m.group_member IN (
    SELECT unnest(ARRAY[s.handle, s.bsuid]) FROM sightings AS s WHERE s.contact_id = :contact_id AND s.held)
UNION SELECT 'message', e.id FROM message_edits AS e JOIN messages AS m ON m.id = e.message_id
    WHERE m.contact_id = :contact_id
-- What people wrote down of them, unless it is how somebody else is known.
UNION SELECT 'person', w.name FROM (
    SELECT r.phone AS name FROM lead_records AS r WHERE r.contact_id = :contact_id
    UNION ALL SELECT lower(p.email) FROM customer_profiles AS p JOIN lead_records AS r ON r.id = p.lead_id
        WHERE r.contact_id = :contact_id) AS w
WHERE w.name IS NOT NULL AND NOT EXISTS (
    SELECT FROM contact_identities AS i WHERE i.value = w.name AND i.contact_id <> :contact_id)


-- name: unfinished_erasure(id, names)
-- :id of the contact or the lead (null: none was given)
SELECT contact_id, lead_id, names, conversations, messages FROM erasures
WHERE contact_id = :id OR lead_id = :id OR names && :names::text[]
ORDER BY begun_at LIMIT 1
