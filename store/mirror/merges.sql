-- name: sightings_of_contact(contact_id)
-- The names of a person, the last seen first. A number that another person holds now names nobody here.
SELECT CASE WHEN held THEN handle ELSE '' END AS handle, bsuid FROM sightings WHERE contact_id = :contact_id ORDER BY last_at DESC, handle, bsuid
