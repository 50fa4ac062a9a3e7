-- Every name of a contact that is given by its id or by one of its names, numbers without +.
-- $1 id or name
SELECT DISTINCT ltrim(i.value, '+') AS name
FROM contact_identities AS i
WHERE i.contact_id IN (
    SELECT c.contact_id FROM contact_identities AS c
    WHERE c.value = $1 OR c.value = '+' || $1 OR ltrim(c.value, '+') = ltrim($1, '+') OR c.contact_id::text = $1
    UNION SELECT a.contact_id FROM contact_aliases AS a WHERE a.old_id::text = $1)
UNION SELECT ltrim($1, '+')
