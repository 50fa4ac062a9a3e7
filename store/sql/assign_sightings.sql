-- $1 handle, $2 bsuid, $3 contact_id, $4 held, $5 contested
UPDATE sightings AS s SET contact_id = v.contact_id, held = v.held, contested = v.contested
FROM unnest($1::text[], $2::text[], $3::uuid[], $4::boolean[], $5::boolean[])
    AS v (handle, bsuid, contact_id, held, contested)
WHERE s.handle = v.handle AND s.bsuid = v.bsuid
