-- $1 ids
DELETE FROM lead_records WHERE id = ANY ($1::uuid[])
