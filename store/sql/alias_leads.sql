-- Leads that are another now: their ids keep resolving.
-- $1 lead that goes, $2 lead that stays
WITH merged AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS v (old_id, lead_id)
), chained AS (
    UPDATE lead_aliases AS a SET lead_id = m.lead_id FROM merged AS m WHERE a.lead_id = m.old_id
)
INSERT INTO lead_aliases (old_id, lead_id) SELECT old_id, lead_id FROM merged
