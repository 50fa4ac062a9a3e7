-- The names of a person, the last seen first. $1 contact id
SELECT handle, bsuid FROM sightings WHERE contact_id = $1 ORDER BY last_at DESC, handle, bsuid
