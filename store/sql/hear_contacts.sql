-- Something of these conversations came in that no message carried: a bot's event, a handover, metadata.
-- $1 conversation ids
WITH meant AS (
    SELECT c.id FROM contacts AS c
    WHERE c.id IN (SELECT v.contact_id FROM conversations AS v WHERE v.id = ANY ($1::uuid[]))
    ORDER BY c.id FOR NO KEY UPDATE
)
UPDATE contacts AS c SET heard_at = clock_timestamp() FROM meant AS m WHERE c.id = m.id
