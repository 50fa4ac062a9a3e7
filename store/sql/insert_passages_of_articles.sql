-- $1 article id, $2 place, $3 title, $4 text
INSERT INTO passages (article_id, place, title, text) SELECT * FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::text[])
