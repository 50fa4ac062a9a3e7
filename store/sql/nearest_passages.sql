-- The passages nearest in meaning, the nearest first. embeddings_0 stands for the model's table.
-- $1 vector as text, $2 whether of articles, $3 how many
SELECT e.passage_id AS id FROM embeddings_0 AS e
WHERE e.of_article = $2 ORDER BY e.embedding <=> $1::text::vector LIMIT $3
