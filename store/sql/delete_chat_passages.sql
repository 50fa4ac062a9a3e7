-- $1 lead id, $2 place
DELETE FROM passages AS p USING unnest($1::uuid[], $2::integer[]) AS v (lead_id, place)
WHERE p.lead_id = v.lead_id AND p.place = v.place
