-- $1 lead ids
UPDATE contacts AS c SET heard_at = clock_timestamp()
FROM lead_records AS r WHERE r.id = ANY ($1::uuid[]) AND c.id = r.contact_id
