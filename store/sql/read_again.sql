-- The next pass reads these leads' chats, whether or not anything new came in. $1 lead ids
UPDATE lead_records SET read_to = NULL, read_hash = NULL WHERE id = ANY ($1::uuid[])
