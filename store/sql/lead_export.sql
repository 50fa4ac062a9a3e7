-- $1 lead ids, in the order in which they are wanted
SELECT l.* FROM unnest($1::uuid[]) WITH ORDINALITY AS w (id, place) JOIN lead_list AS l ON l.id = w.id
ORDER BY w.place
