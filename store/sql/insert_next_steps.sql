-- Those whose occasion has been suggested before for their lead are left out. The lead may be named by an id that was
-- merged; a deleted one gets none.
-- $1 lead id, $2 type, $3 status, $4 suggested_content, $5 confidence, $6 reasoning, $7 tokens, $8 source, $9 actor,
-- $10 occasion
INSERT INTO next_steps (lead_id, type, status, suggested_content, confidence, reasoning, tokens, source, actor, occasion)
SELECT r.id, v.type, v.status, v.content::jsonb, v.confidence, v.reasoning, v.tokens, v.source, v.actor, v.occasion
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::real[], $6::text[], $7::integer[], $8::text[], $9::text[],
            $10::text[])
    AS v (lead_id, type, status, content, confidence, reasoning, tokens, source, actor, occasion)
JOIN lead_records AS r
    ON r.id = coalesce((SELECT a.lead_id FROM lead_aliases AS a WHERE a.old_id = v.lead_id), v.lead_id)
WHERE r.deleted_at IS NULL
ON CONFLICT (lead_id, occasion) DO NOTHING
RETURNING id
