-- $1 lead ids, $2 contacts.heard_at as it was when they were read, $3 hashes of what was read
UPDATE lead_records AS r SET read_to = v.heard_at, read_hash = v.read_hash, extracted_at = now()
FROM unnest($1::uuid[], $2::timestamptz[], $3::bytea[]) AS v (id, heard_at, read_hash)
WHERE r.id = v.id
