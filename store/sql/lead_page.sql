-- A page of the list, newest message first. Null leaves a filter out.
-- $1 statuses, $2 temperatures, $3 phases, $4 city in lower case, $5 awaiting reply, $6 least score,
-- $7 last message not before, $8 and $9 recency and contact id of the last one seen, $10 how many
SELECT * FROM lead_list AS l
WHERE ($1::text[] IS NULL OR l.status = ANY ($1))
  AND ($2::text[] IS NULL OR l.lead_temperature = ANY ($2))
  AND ($3::text[] IS NULL OR l.chat_phase = ANY ($3))
  AND ($4::text IS NULL OR lower(l.domisili) = $4)
  AND ($5::boolean IS NULL OR l.awaiting_reply = $5)
  AND ($6::integer IS NULL OR l.lead_score >= $6)
  AND ($7::timestamptz IS NULL OR l.recency >= $7)
  AND ($8::timestamptz IS NULL OR (l.recency, l.contact_id) < ($8, $9::uuid))
ORDER BY l.recency DESC, l.contact_id DESC
LIMIT $10
