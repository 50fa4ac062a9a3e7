-- $1 article ids
DELETE FROM passages WHERE article_id = ANY ($1::bigint[])
