-- $1 lead that goes, $2 lead that stays
WITH moved AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS v (old_id, lead_id)
), changes AS (
    UPDATE lead_changes AS h SET lead_id = m.lead_id FROM moved AS m WHERE h.lead_id = m.old_id
), notes AS (
    UPDATE lead_notes AS n SET lead_id = m.lead_id FROM moved AS m WHERE n.lead_id = m.old_id
), handed_over AS (
    UPDATE handoffs AS o SET lead_id = m.lead_id FROM moved AS m WHERE o.lead_id = m.old_id
), steps AS (
    UPDATE next_steps AS s SET lead_id = m.lead_id FROM moved AS m WHERE s.lead_id = m.old_id
      AND NOT EXISTS (SELECT FROM next_steps AS k WHERE k.lead_id = m.lead_id AND k.occasion = s.occasion)
), requests AS (
    UPDATE idempotency_keys AS k SET lead_id = m.lead_id FROM moved AS m WHERE k.lead_id = m.old_id
)
UPDATE access_log AS a SET lead_id = m.lead_id FROM moved AS m WHERE a.lead_id = m.old_id
