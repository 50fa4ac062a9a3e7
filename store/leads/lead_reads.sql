-- name: mark_lead_read(user, lead, shown)
-- Pages that show a lead ask for this again and again: where nothing moves, nothing may be written. :lead also a merged
-- one, :shown what this returned for the page that asks again
WITH inbound AS (
  SELECT r.id, c.last_inbound_at FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
  WHERE r.id = coalesce((SELECT a.lead_id FROM lead_aliases AS a WHERE a.old_id = :lead), :lead)
    AND c.last_inbound_at IS NOT NULL),
written AS (
  INSERT INTO lead_reads AS d (user_id, lead_id, read_at)
  SELECT :user, i.id, i.last_inbound_at FROM inbound AS i
  WHERE NOT EXISTS (SELECT FROM lead_reads AS k
                    WHERE k.user_id = :user AND k.lead_id = i.id AND k.read_at = i.last_inbound_at)
  ON CONFLICT (user_id, lead_id) DO UPDATE SET read_at = excluded.read_at
  WHERE :shown::timestamptz IS NULL OR d.read_at >= :shown)  -- before: it was marked as unread
SELECT last_inbound_at FROM inbound


-- name: mark_lead_unread(user, lead)
-- :lead also a merged one
INSERT INTO lead_reads AS d (user_id, lead_id, read_at)
SELECT :user, r.id, c.last_inbound_at - interval '1 second'
FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
WHERE r.id = coalesce((SELECT a.lead_id FROM lead_aliases AS a WHERE a.old_id = :lead), :lead)
  AND c.last_inbound_at IS NOT NULL
ON CONFLICT (user_id, lead_id) DO UPDATE SET read_at = excluded.read_at
