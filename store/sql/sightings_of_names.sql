-- $1 names
SELECT handle, bsuid, first_at, last_at, as_wa_id, as_phone, as_parent, contact_id
FROM sightings
WHERE (handle <> '' AND handle = ANY ($1::text[])) OR (bsuid <> '' AND bsuid = ANY ($1::text[]))
