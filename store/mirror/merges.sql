-- name: sightings_of_contact(contact_id)
-- The names of a person, the last seen first.
SELECT handle, bsuid FROM sightings WHERE contact_id = :contact_id ORDER BY last_at DESC, handle, bsuid
