-- embeddings_0 stands for a model's table. A passage that is gone, or says something else by now, gets none; nor does one
-- that somebody is changing at this moment: it would keep a meaning that it no longer has.
-- $1 passage id, $2 whether of an article, $3 vector as text, $4 the text that was embedded
INSERT INTO embeddings_0 (passage_id, of_article, embedding)
SELECT p.id, v.of_article, v.embedding::vector
FROM unnest($1::bigint[], $2::boolean[], $3::text[], $4::text[]) AS v (passage_id, of_article, embedding, text)
    JOIN passages AS p ON p.id = v.passage_id AND concat_ws(': ', p.title, p.text) = v.text
FOR SHARE OF p SKIP LOCKED
ON CONFLICT (passage_id) DO NOTHING
