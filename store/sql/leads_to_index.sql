-- The next leads whose chats are taken into the search; nothing while somebody else takes them. Waits for whoever changes one
-- of them now: they may be putting the end of its chat there. $1 how many
SELECT r.id, r.contact_id
FROM (SELECT indexed_to FROM chat_index FOR UPDATE SKIP LOCKED) AS i
    CROSS JOIN LATERAL (SELECT k.id, k.contact_id FROM lead_records AS k WHERE k.id > i.indexed_to
                        ORDER BY k.id LIMIT $1 FOR NO KEY UPDATE) AS r
