-- $1 lead ids
SELECT lead_id, place, message_id FROM passages WHERE lead_id = ANY ($1::uuid[])
