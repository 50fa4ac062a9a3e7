-- $1 phone number id, $2 since, $3 until
INSERT INTO gaps (phone_number_id, since, until)
SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[])
ON CONFLICT (phone_number_id, since, until) DO NOTHING
