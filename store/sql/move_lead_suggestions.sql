-- Answered ones stay as history; what was open is made anew by the next reading of the chat.
-- $1 lead that goes, $2 lead that stays
UPDATE lead_suggestions AS s SET
    lead_id = m.lead_id,
    state = CASE WHEN s.state = 'open' THEN 'outdated' ELSE s.state END,
    answered_at = coalesce(s.answered_at, now())
FROM unnest($1::uuid[], $2::uuid[]) AS m (old_id, lead_id)
WHERE s.lead_id = m.old_id
