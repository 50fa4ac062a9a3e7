-- The mirror received the story within seconds. This gives its rows the times of the story. Only the demo may do so: nothing
-- else changes rows of lead_changes. The setting demo.story holds the file of `simulate --story`.
CREATE TEMPORARY TABLE chats ON COMMIT DROP AS
SELECT l.id AS lead_id, l.contact_id, to_timestamp((s.one ->> 'began_at')::float8) AS began_at, s.one -> 'actions' AS actions,
    (SELECT max(m.sent_at) FROM messages AS m WHERE m.contact_id = l.contact_id) AS last_at
FROM jsonb_array_elements(current_setting('demo.story')::jsonb) AS s (one)
JOIN leads AS l ON l.phone = '+' || (s.one ->> 'phone');

CREATE TEMPORARY TABLE actions ON COMMIT DROP AS
SELECT t.lead_id, d.one ->> 'kind' AS kind, d.one ->> 'text' AS text, to_timestamp((d.one ->> 'at')::float8) AS at
FROM chats AS t CROSS JOIN jsonb_array_elements(t.actions) AS d (one);

-- Workers may have read the chats before the sellers changed a status. Keep the change of the seller alone.
DELETE FROM lead_changes AS c WHERE c.field = 'status' AND c.source = 'ai' AND EXISTS (
    SELECT FROM lead_changes AS o WHERE o.lead_id = c.lead_id AND o.field = 'status' AND o.source = 'human' AND o.id > c.id);
UPDATE lead_changes AS c SET old = b.before FROM (
    SELECT id, coalesce(lag(new) OVER (PARTITION BY lead_id ORDER BY id), '"new"') AS before
    FROM lead_changes WHERE field = 'status') AS b
WHERE c.id = b.id AND c.old IS DISTINCT FROM b.before;

-- A fact was read half a minute after its message. A fact without a message was read after the last one.
UPDATE lead_changes AS c SET changed_at = coalesce(m.sent_at, t.last_at, t.began_at) + interval '30 seconds'
FROM chats AS t LEFT JOIN messages AS m ON m.contact_id = t.contact_id
WHERE c.lead_id = t.lead_id AND c.source IN ('ai', 'bot') AND m.id = c.message_id
  AND c.changed_at > coalesce(m.sent_at, t.last_at) + interval '1 minute';
UPDATE lead_changes AS c SET changed_at = coalesce(t.last_at, t.began_at) + interval '30 seconds'
FROM chats AS t
WHERE c.lead_id = t.lead_id AND c.source = 'ai' AND c.message_id IS NULL
  AND c.changed_at > t.last_at + interval '1 minute';
UPDATE lead_changes AS c SET changed_at = d.at
FROM actions AS d
WHERE c.lead_id = d.lead_id AND c.field = 'status' AND d.kind = 'status' AND c.new #>> '{}' = d.text;
UPDATE lead_changes AS c SET changed_at = t.began_at + interval '5 minutes'
FROM chats AS t WHERE c.lead_id = t.lead_id AND c.field IN ('owner', 'tags', 'estimated_value');

UPDATE lead_records AS r SET created_at = t.began_at, changed_at = t.last_at,
    status_changed_at = coalesce((SELECT max(d.at) FROM actions AS d WHERE d.lead_id = r.id AND d.kind = 'status'), t.began_at),
    converted_at = CASE WHEN r.converted_at IS NOT NULL THEN coalesce(
        (SELECT max(d.at) FROM actions AS d WHERE d.lead_id = r.id AND d.text = 'converted'), r.converted_at) END
FROM chats AS t WHERE r.id = t.lead_id;
UPDATE lead_notes AS n SET written_at = d.at FROM actions AS d WHERE n.lead_id = d.lead_id AND d.kind = 'note' AND n.text = d.text;
UPDATE tickets AS k SET created_at = t.last_at - interval '50 minutes', updated_at = t.last_at,
    solved_at = CASE WHEN k.solved_at IS NOT NULL THEN t.last_at END
FROM chats AS t JOIN conversations AS v ON v.contact_id = t.contact_id WHERE k.conversation_id = v.id;
UPDATE handoffs AS h SET created_at = t.last_at FROM chats AS t WHERE h.lead_id = t.lead_id;

-- The messages are up to eight weeks old: their lag is not the lag of Kapso.
UPDATE lag_samples SET kapso_seconds = NULL WHERE kapso_seconds > 3600;
UPDATE drains SET kapso_seconds = NULL WHERE kapso_seconds > 3600;
