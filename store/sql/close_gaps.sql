-- $1 phone number id, $2 since, $3 until
UPDATE gaps AS g SET closed_at = now()
FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS v (phone_number_id, since, until)
WHERE g.phone_number_id = v.phone_number_id AND g.since = v.since AND g.until = v.until
