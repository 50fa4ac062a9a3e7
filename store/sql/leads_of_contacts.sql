-- $1 contact ids
SELECT * FROM lead_records WHERE contact_id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE
