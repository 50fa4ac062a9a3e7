-- $1 lead id
UPDATE chat_index SET indexed_to = $1
