-- $1 from contact, $2 to contact
UPDATE conversations AS c SET contact_id = v.into_id
FROM unnest($1::uuid[], $2::uuid[]) AS v (from_id, into_id)
WHERE c.contact_id = v.from_id
