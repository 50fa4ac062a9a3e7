-- Messages of others that stand in conversations of this contact stay, without it. $1 contact id
UPDATE messages AS m SET conversation_id = NULL
FROM conversations AS v
WHERE v.contact_id = $1 AND m.conversation_id = v.id AND m.contact_id IS DISTINCT FROM $1
