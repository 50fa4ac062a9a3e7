-- Open suggestions that something newer takes the place of: another suggestion, or a person's own value.
-- $1 lead id, $2 field, $3 the newer value
UPDATE lead_suggestions AS s SET state = 'outdated', answered_at = now()
FROM unnest($1::uuid[], $2::text[], $3::jsonb[]) AS v (lead_id, field, value)
WHERE s.lead_id = v.lead_id AND s.field = v.field AND s.state = 'open' AND s.value IS DISTINCT FROM v.value
