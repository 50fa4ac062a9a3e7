-- Leads by what was said in their chats, in words and in meaning, the two rankings fused (reciprocal ranks).
-- $1 words for to_tsquery (null: none), $2 passages nearest in meaning, the nearest first, $3 how many, $4 how deep the
-- words go
WITH asked AS (
    SELECT to_tsquery('indonesian', $1) || to_tsquery('english', $1) AS words
), written AS (
    SELECT w.id, row_number() OVER (ORDER BY w.score DESC, w.id) AS rank
    FROM (SELECT p.id, ts_rank(p.words, a.words, 1) AS score
          FROM asked AS a, passages AS p JOIN lead_records AS r ON r.id = p.lead_id
          WHERE p.lead_id IS NOT NULL AND r.deleted_at IS NULL AND p.words @@ a.words
          ORDER BY score DESC, p.id LIMIT $4) AS w
), fused AS (
    SELECT r.id, sum(1.0 / (60 + r.rank)) AS score
    FROM (SELECT id, rank FROM written
          UNION ALL SELECT n.id, n.rank FROM unnest($2::bigint[]) WITH ORDINALITY AS n (id, rank)) AS r
    GROUP BY r.id
), best AS (
    SELECT DISTINCT ON (p.lead_id) p.lead_id, p.message_id, p.text, f.score
    FROM fused AS f JOIN passages AS p ON p.id = f.id JOIN lead_records AS r ON r.id = p.lead_id
    WHERE r.deleted_at IS NULL
    ORDER BY p.lead_id, f.score DESC, p.place
)
SELECT l.id AS lead_id, l.name, l.phone, l.status, l.last_message_at, b.message_id, b.score::real AS score,
    CASE WHEN a.words IS NULL THEN left(b.text, 240)
         ELSE ts_headline('indonesian', b.text, a.words, 'StartSel=**, StopSel=**, MaxWords=40, MinWords=15') END AS snippet
FROM asked AS a, (SELECT * FROM best ORDER BY score DESC, lead_id LIMIT $3) AS b
    JOIN lead_list AS l ON l.id = b.lead_id
ORDER BY b.score DESC, l.id
