-- $1 lead ids, $2 ids of project events, $3 texts, $4 times, $5 who signs
INSERT INTO lead_notes (lead_id, source, actor, text, written_at, event_id)
SELECT v.lead_id, 'bot', $5, v.text, coalesce(v.at, now()), v.event_id
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[]) AS v (lead_id, event_id, text, at)
ON CONFLICT (event_id) DO NOTHING
