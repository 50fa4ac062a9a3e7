-- What was said in chats, as it is to be found, from a place on: what stands there already keeps its meaning, the rest is new.
-- $1 lead id, $2 place, $3 first message's id, $4 text
WITH wanted AS (
    SELECT * FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[]) AS v (lead_id, place, message_id, text)
), gone AS (
    DELETE FROM passages AS p
    WHERE p.lead_id IN (SELECT w.lead_id FROM wanted AS w)
      AND p.place > (SELECT min(w.place) FROM wanted AS w WHERE w.lead_id = p.lead_id)
      AND NOT EXISTS (SELECT FROM wanted AS w WHERE w.lead_id = p.lead_id AND w.place = p.place)
), known AS (
    INSERT INTO passages AS p (lead_id, place, message_id, text) SELECT w.lead_id, w.place, w.message_id, w.text FROM wanted AS w
    ON CONFLICT (lead_id, place) DO UPDATE SET message_id = excluded.message_id, text = excluded.text
    WHERE p.text <> excluded.text
    RETURNING p.id
)
SELECT id FROM known
