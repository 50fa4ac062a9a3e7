-- name: dictionary(relations)
-- :relations in the order in which they are wanted
SELECT w.name AS relation, obj_description(w.name::regclass) AS about, a.attname AS name,
    format_type(a.atttypid, a.atttypmod) AS type, col_description(a.attrelid, a.attnum) AS said
FROM unnest(:relations::text[]) WITH ORDINALITY AS w (name, place)
    JOIN pg_attribute AS a ON a.attrelid = w.name::regclass AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY w.place, a.attnum
