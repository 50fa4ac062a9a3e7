-- Leads that call for a next step, by rule, and have not had it suggested yet. Later than three days after its time,
-- an occasion has passed.
-- $1 how many
WITH called AS (
    SELECT c.id AS contact_id, 'no reply' AS occasion, c.last_message_id AS about
    FROM contacts AS c
    WHERE coalesce(c.last_message_at, '-infinity') BETWEEN now() - interval '8 days' AND now() - interval '5 days'
      AND c.last_message_direction = 'outbound'
    UNION ALL
    SELECT c.id, 'window closes', c.last_message_id
    FROM contacts AS c
    WHERE coalesce(c.last_message_at, '-infinity') > now() - interval '24 hours' AND c.last_message_direction = 'inbound'
      AND c.last_inbound_at BETWEEN now() - interval '24 hours' AND now() - interval '22 hours'
    UNION ALL
    SELECT r.contact_id, 'went hot', h.id::text
    FROM lead_records AS r
    CROSS JOIN LATERAL (SELECT h.id, h.new, h.changed_at FROM lead_changes AS h
                        WHERE h.lead_id = r.id AND h.field = 'lead_temperature' ORDER BY h.id DESC LIMIT 1) AS h
    WHERE r.lead_temperature = 'hot' AND r.changed_at > now() - interval '3 days'
      AND h.new = '"hot"' AND h.changed_at > now() - interval '3 days'
)
SELECT r.id AS lead_id, r.contact_id, w.occasion, w.about, coalesce(r.name, c.name) AS name, r.language
FROM called AS w JOIN lead_records AS r ON r.contact_id = w.contact_id JOIN contacts AS c ON c.id = r.contact_id
WHERE r.status IN ('new', 'qualified', 'contacted') AND r.deleted_at IS NULL
  AND NOT EXISTS (SELECT FROM next_steps AS s WHERE s.lead_id = r.id AND s.occasion = w.occasion || ' ' || w.about)
LIMIT $1
