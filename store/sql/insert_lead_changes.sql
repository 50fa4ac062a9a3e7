-- $1 lead id, $2 field, $3 old, $4 new, $5 source, $6 actor, $7 reason, $8 message id, $9 quote, $10 confidence
INSERT INTO lead_changes (lead_id, field, old, new, source, actor, reason, message_id, quote, confidence)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::jsonb[], $4::jsonb[], $5::text[], $6::text[], $7::text[], $8::text[],
                     $9::text[], $10::real[])
