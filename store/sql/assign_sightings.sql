-- $1 handle, $2 bsuid, $3 contact_id, $4 held, $5 contested, $6 replaced, $7 alone
UPDATE sightings AS s SET
    contact_id = v.contact_id, held = v.held, contested = v.contested, replaced = v.replaced, alone = v.alone
FROM unnest($1::text[], $2::text[], $3::uuid[], $4::boolean[], $5::boolean[], $6::boolean[], $7::boolean[])
    AS v (handle, bsuid, contact_id, held, contested, replaced, alone)
WHERE s.handle = v.handle AND s.bsuid = v.bsuid
