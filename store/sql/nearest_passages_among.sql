-- The passages of some articles that are nearest in meaning, the nearest first. Each of them is compared: an index would give
-- the nearest of all, and then none of these might be among them. embeddings_0 stands for the model's table.
-- $1 vector as text, $2 tags, any of them (null: all), $3 where they come from (null: anywhere), $4 how many
WITH among AS MATERIALIZED (
    SELECT p.id FROM passages AS p JOIN knowledge_base AS k ON k.id = p.article_id
    WHERE ($2::text[] IS NULL OR k.tags && $2) AND ($3::text IS NULL OR starts_with(k.source, $3))
)
SELECT e.passage_id AS id FROM among AS a JOIN embeddings_0 AS e ON e.passage_id = a.id
ORDER BY e.embedding <=> $1::text::vector LIMIT $4
