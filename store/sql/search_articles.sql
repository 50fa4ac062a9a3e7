-- Articles by words and by meaning, the two rankings fused (reciprocal ranks).
-- $1 words for to_tsquery (null: none), $2 passages nearest in meaning, the nearest first, $3 tags, any of them (null:
-- all), $4 where they come from (null: anywhere), $5 how many, $6 how deep the words go
WITH asked AS (
    SELECT to_tsquery('indonesian', $1) || to_tsquery('english', $1) AS words
), written AS (
    SELECT w.id, row_number() OVER (ORDER BY w.score DESC, w.id) AS rank
    FROM (SELECT p.id, ts_rank(p.words, a.words, 1) AS score
          FROM asked AS a, passages AS p JOIN knowledge_base AS k ON k.id = p.article_id
          WHERE p.article_id IS NOT NULL AND p.words @@ a.words
            AND ($3::text[] IS NULL OR k.tags && $3) AND ($4::text IS NULL OR starts_with(k.source, $4))
          ORDER BY score DESC, p.id LIMIT $6) AS w
), meant AS (
    SELECT n.id, row_number() OVER (ORDER BY n.place) AS rank
    FROM unnest($2::bigint[]) WITH ORDINALITY AS n (id, place) JOIN passages AS p ON p.id = n.id
    WHERE p.article_id IS NOT NULL
), fused AS (
    SELECT r.id, sum(1.0 / (60 + r.rank)) AS score
    FROM (SELECT id, rank FROM written UNION ALL SELECT id, rank FROM meant) AS r GROUP BY r.id
), best AS (
    SELECT DISTINCT ON (p.article_id) p.article_id, p.text, f.score
    FROM fused AS f JOIN passages AS p ON p.id = f.id
    ORDER BY p.article_id, f.score DESC, p.place
)
SELECT k.id, k.source, k.title, k.tags, b.score::real AS score,
    CASE WHEN a.words IS NULL THEN left(b.text, 240)
         ELSE ts_headline('indonesian', b.text, a.words, 'StartSel=**, StopSel=**, MaxWords=40, MinWords=15') END AS snippet
FROM asked AS a, (SELECT * FROM best ORDER BY score DESC, article_id LIMIT $5) AS b
    JOIN knowledge_base AS k ON k.id = b.article_id
ORDER BY b.score DESC, k.id
