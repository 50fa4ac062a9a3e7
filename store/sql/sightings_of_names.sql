-- $1 names
SELECT s.handle, s.bsuid, s.first_at, s.last_at, s.as_wa_id, s.as_phone, s.as_parent, s.contact_id
FROM unnest($1::text[]) AS t (name) JOIN sightings AS s ON s.handle = t.name
WHERE s.handle <> ''
UNION
SELECT s.handle, s.bsuid, s.first_at, s.last_at, s.as_wa_id, s.as_phone, s.as_parent, s.contact_id
FROM unnest($1::text[]) AS t (name) JOIN sightings AS s ON s.bsuid = t.name
WHERE s.bsuid <> ''
