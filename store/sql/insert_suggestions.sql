-- What is open already, or was ignored by a person, is not suggested again.
-- $1 lead id, $2 field, $3 value, $4 source, $5 actor, $6 reason, $7 message id, $8 quote, $9 confidence
INSERT INTO lead_suggestions (lead_id, field, value, source, actor, reason, message_id, quote, confidence)
SELECT v.* FROM unnest($1::uuid[], $2::text[], $3::jsonb[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                       $9::real[]) AS v (lead_id, field, value, source, actor, reason, message_id, quote, confidence)
WHERE NOT EXISTS (
    SELECT FROM lead_suggestions AS s
    WHERE s.lead_id = v.lead_id AND s.field = v.field AND s.value = v.value AND s.state IN ('open', 'ignored'))
RETURNING lead_id, field
