-- $1 from contact, $2 to contact
UPDATE messages AS m SET contact_id = v.into_id
FROM unnest($1::uuid[], $2::uuid[]) AS v (from_id, into_id)
WHERE m.contact_id = v.from_id
