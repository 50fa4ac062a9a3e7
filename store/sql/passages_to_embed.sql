-- Passages without a meaning by this model; articles first. embeddings_0 stands for its table. $1 how many
SELECT p.id, p.article_id IS NOT NULL AS of_article, concat_ws(': ', p.title, p.text) AS text
FROM passages AS p
WHERE NOT EXISTS (SELECT FROM embeddings_0 AS e WHERE e.passage_id = p.id)
ORDER BY p.article_id IS NULL, p.id LIMIT $1
