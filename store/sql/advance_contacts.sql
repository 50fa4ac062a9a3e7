-- What was said last, moved forward by these messages. Where something moved backwards, refresh_contacts derives it anew.
-- $1 message ids
WITH v AS (
    SELECT m.contact_id,
        max(m.sent_at) FILTER (WHERE m.direction = 'inbound') AS inbound_at,
        max(m.sent_at) FILTER (WHERE m.direction = 'outbound') AS outbound_at,
        (array_agg(m.id ORDER BY m.sent_at DESC, m.id DESC) FILTER (WHERE m.type IS DISTINCT FROM 'reaction'))[1] AS last_id
    FROM unnest($1::text[]) AS t (id) JOIN messages AS m ON m.id = t.id
    WHERE m.contact_id IS NOT NULL AND m.sent_at IS NOT NULL
    GROUP BY m.contact_id
    ORDER BY m.contact_id
), newest AS (
    SELECT v.contact_id, v.inbound_at, v.outbound_at, m.id, m.sent_at, m.text, m.type, m.direction,
        m.id IS NOT NULL AND (c.last_message_at IS NULL OR (m.sent_at, m.id) >= (c.last_message_at, c.last_message_id)) AS is_last
    FROM v JOIN contacts AS c ON c.id = v.contact_id LEFT JOIN messages AS m ON m.id = v.last_id
)
UPDATE contacts AS c SET
    -- The contact is locked: who sees this time sees all that came before it.
    heard_at = clock_timestamp(),
    last_inbound_at = greatest(c.last_inbound_at, n.inbound_at),
    last_outbound_at = greatest(c.last_outbound_at, n.outbound_at),
    last_message_at = CASE WHEN n.is_last THEN n.sent_at ELSE c.last_message_at END,
    last_message_id = CASE WHEN n.is_last THEN n.id ELSE c.last_message_id END,
    last_message_text = CASE WHEN n.is_last THEN n.text ELSE c.last_message_text END,
    last_message_type = CASE WHEN n.is_last THEN n.type ELSE c.last_message_type END,
    last_message_direction = CASE WHEN n.is_last THEN n.direction ELSE c.last_message_direction END
FROM newest AS n
WHERE c.id = n.contact_id
