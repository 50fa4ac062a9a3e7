-- A contact is what was seen of it and what was said last: derived here, and nowhere else.
-- $1 contact ids
UPDATE contacts AS c SET
    phone = v.phone, wa_id = v.wa_id, business_scoped_user_id = v.bsuid, username = v.username, name = v.name,
    first_seen_at = v.first_seen_at, marketing_preference = v.marketing_preference,
    marketing_preference_at = v.marketing_preference_at, last_message_at = v.last_message_at,
    last_message_id = v.last_message_id, last_message_text = v.last_message_text,
    last_message_type = v.last_message_type, last_message_direction = v.last_message_direction,
    last_inbound_at = v.last_inbound_at, last_outbound_at = v.last_outbound_at
FROM (
    SELECT t.id, held.phone, held.wa_id, bsuid.bsuid, username.username, name.name, first.first_seen_at,
        marketing.marketing_preference, marketing.marketing_preference_at, last.sent_at AS last_message_at,
        last.id AS last_message_id, last.text AS last_message_text, last.type AS last_message_type,
        last.direction AS last_message_direction, inbound.sent_at AS last_inbound_at,
        outbound.sent_at AS last_outbound_at
    FROM unnest($1::uuid[]) AS t (id)
    LEFT JOIN LATERAL (
        SELECT min(s.first_at) AS first_seen_at FROM sightings AS s
        WHERE s.contact_id = t.id AND NOT (s.contested AND s.bsuid = '')) AS first ON true
    LEFT JOIN LATERAL (
        SELECT (array_agg(s.handle ORDER BY s.as_phone DESC, s.last_at DESC, s.handle DESC))[1] AS phone,
               (array_agg(substr(s.handle, 2) ORDER BY s.last_at DESC, s.handle DESC)
                   FILTER (WHERE s.as_wa_id))[1] AS wa_id
        FROM sightings AS s
        WHERE s.contact_id = t.id AND s.held AND left(s.handle, 1) = '+') AS held ON true
    LEFT JOIN LATERAL (
        SELECT s.bsuid FROM sightings AS s
        WHERE s.contact_id = t.id AND s.bsuid <> '' AND NOT s.as_parent
        ORDER BY s.replaced, s.last_at DESC, s.bsuid DESC LIMIT 1) AS bsuid ON true
    LEFT JOIN LATERAL (
        SELECT s.name FROM sightings AS s
        WHERE s.contact_id = t.id AND s.name IS NOT NULL AND NOT (s.contested AND s.bsuid = '')
        ORDER BY s.name_at DESC, s.name DESC LIMIT 1) AS name ON true
    LEFT JOIN LATERAL (
        SELECT s.username FROM sightings AS s
        WHERE s.contact_id = t.id AND s.username IS NOT NULL AND NOT (s.contested AND s.bsuid = '')
        ORDER BY s.username_at DESC, s.username DESC LIMIT 1) AS username ON true
    LEFT JOIN LATERAL (
        SELECT s.marketing_preference, s.marketing_preference_at FROM sightings AS s
        WHERE s.contact_id = t.id AND s.marketing_sequence IS NOT NULL AND NOT (s.contested AND s.bsuid = '')
        ORDER BY s.marketing_sequence DESC, s.marketing_preference_at DESC, s.marketing_preference DESC
        LIMIT 1) AS marketing ON true
    LEFT JOIN LATERAL (
        SELECT m.id, m.sent_at, m.text, m.type, m.direction FROM messages AS m
        WHERE m.contact_id = t.id AND m.sent_at IS NOT NULL AND m.type IS DISTINCT FROM 'reaction'
        ORDER BY m.sent_at DESC NULLS LAST, m.id DESC LIMIT 1) AS last ON true
    LEFT JOIN LATERAL (
        SELECT m.sent_at FROM messages AS m
        WHERE m.contact_id = t.id AND m.sent_at IS NOT NULL AND m.direction = 'inbound'
        ORDER BY m.sent_at DESC NULLS LAST, m.id DESC LIMIT 1) AS inbound ON true
    LEFT JOIN LATERAL (
        SELECT m.sent_at FROM messages AS m
        WHERE m.contact_id = t.id AND m.sent_at IS NOT NULL AND m.direction = 'outbound'
        ORDER BY m.sent_at DESC NULLS LAST, m.id DESC LIMIT 1) AS outbound ON true
) AS v
WHERE c.id = v.id
