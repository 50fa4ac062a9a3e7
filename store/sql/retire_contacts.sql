-- Contacts that are somebody else now: their ids keep resolving.
-- $1 old id, $2 contact id
WITH merged AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS v (old_id, contact_id)
), chained AS (
    UPDATE contact_aliases AS a SET contact_id = m.contact_id FROM merged AS m WHERE a.contact_id = m.old_id
)
INSERT INTO contact_aliases (old_id, contact_id) SELECT old_id, contact_id FROM merged
