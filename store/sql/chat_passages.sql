-- What is known to have been said in chats; a hash stands for the words. $1 lead ids
SELECT lead_id, place, message_id, md5(text) AS hash FROM passages WHERE lead_id = ANY ($1::uuid[])
