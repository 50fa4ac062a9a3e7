-- $1 lead ids, in the order in which they are wanted
SELECT c.* FROM unnest($1::uuid[]) WITH ORDINALITY AS w (id, place) JOIN customer_list AS c ON c.id = w.id
ORDER BY w.place
