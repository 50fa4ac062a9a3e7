-- What was said in chats, where it is new or says something else than before; ids of those come back.
-- $1 lead id, $2 place, $3 first message's id, $4 text
INSERT INTO passages (lead_id, place, message_id, text)
SELECT * FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[])
ON CONFLICT (lead_id, place) DO UPDATE SET message_id = excluded.message_id, text = excluded.text
RETURNING id
