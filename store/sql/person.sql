-- A contact by its id, its lead's id, or a name of it, also under ids that were merged into it.
-- $1 id (null: none was given), $2 names as contact_identities has them, $3 username
SELECT c.id AS contact_id, r.id AS lead_id
FROM contacts AS c JOIN lead_records AS r ON r.contact_id = c.id
WHERE c.id IN (
    SELECT $1::uuid
    UNION ALL SELECT k.contact_id FROM lead_records AS k WHERE k.id = $1
    UNION ALL SELECT a.contact_id FROM contact_aliases AS a WHERE a.old_id = $1
    UNION ALL SELECT k.contact_id FROM lead_aliases AS l JOIN lead_records AS k ON k.id = l.lead_id WHERE l.old_id = $1
    UNION ALL SELECT i.contact_id FROM contact_identities AS i
    WHERE i.kind IN ('wa_id', 'phone', 'bsuid', 'parent_bsuid', 'email', 'kapso') AND i.value = ANY ($2::text[])
    UNION ALL SELECT u.id FROM contacts AS u WHERE u.username = $3)
ORDER BY c.id LIMIT 2
