-- Of leads whose chats are put together anew. $1 lead ids
DELETE FROM passages WHERE lead_id = ANY ($1::uuid[])
