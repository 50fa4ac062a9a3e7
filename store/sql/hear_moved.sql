-- Messages may have come to these people, or gone from them: their chats are read again. $1 contact ids
UPDATE contacts SET heard_at = clock_timestamp() WHERE id = ANY ($1::uuid[])
