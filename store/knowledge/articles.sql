-- name: upsert_articles(articles)
-- Articles that are new or say something else than before; their ids come back. :articles jsonb array of {source,
-- title, content, tags, hash (hex)}
INSERT INTO articles AS k (source, title, content, tags, content_hash)
SELECT v.source, v.title, v.content, v.tags, decode(v.hash, 'hex')
FROM jsonb_to_recordset(:articles::jsonb) AS v (source text, title text, content text, tags text[], hash text)
ON CONFLICT (source) DO UPDATE SET
    title = excluded.title, content = excluded.content, tags = excluded.tags, content_hash = excluded.content_hash,
    updated_at = now()
WHERE k.content_hash <> excluded.content_hash
RETURNING k.id, k.source


-- name: delete_passages_of_articles(article_ids)
DELETE FROM passages WHERE article_id = ANY (:article_ids::bigint[])


-- name: insert_passages_of_articles(article_id, place, title, text)
INSERT INTO passages (article_id, place, title, text) SELECT * FROM unnest(:article_id::bigint[], :place::integer[],
    :title::text[], :text::text[])


-- name: delete_articles_but(source, sources)
-- Articles from under a folder or file that are not there any more. :source where they came from, :sources that are
-- there
DELETE FROM articles WHERE (source = :source OR starts_with(source, :source || '/')
    OR starts_with(source, :source || '#'))
    AND source <> ALL (:sources::text[])
RETURNING id


-- name: article(id)
SELECT id, source, title, content, tags, updated_at FROM articles WHERE id = :id


-- name: articles_page(last_id, count)
SELECT id, source, title, tags, updated_at FROM articles WHERE :last_id::bigint IS NULL OR id < :last_id
    ORDER BY id DESC LIMIT :count


-- name: knowledge_counts
SELECT (SELECT count(*) FROM articles) AS articles,
    count(*) FILTER (WHERE article_id IS NOT NULL) AS of_articles,
        count(*) FILTER (WHERE lead_id IS NOT NULL) AS of_chats
FROM passages


-- name: begin_embedding_model(name, dimension)
SELECT begin_embedding_model(:name, :dimension)


-- name: passages_to_embed(count)
-- Passages without a meaning by this model; articles first. embeddings_0 stands for its table.
SELECT p.id, p.article_id IS NOT NULL AS of_article, concat_ws(': ', p.title, p.text) AS text
FROM passages AS p
WHERE NOT EXISTS (SELECT FROM embeddings_0 AS e WHERE e.passage_id = p.id)
ORDER BY p.article_id IS NULL, p.id LIMIT :count


-- name: insert_embeddings(passage_id, of_article, vector, text)
-- embeddings_0 stands for a model's table. A passage that is gone, or says something else by now, gets none; nor does
-- one that somebody is changing at this moment: it would keep a meaning that it no longer has. :of_article whether of
-- an article, :vector as text, :text that was embedded
INSERT INTO embeddings_0 (passage_id, of_article, embedding)
SELECT p.id, v.of_article, v.embedding::vector
FROM unnest(:passage_id::bigint[], :of_article::boolean[], :vector::text[], :text::text[])
    AS v (passage_id, of_article, embedding, text)
    JOIN passages AS p ON p.id = v.passage_id AND concat_ws(': ', p.title, p.text) = v.text
FOR SHARE OF p SKIP LOCKED
ON CONFLICT (passage_id) DO NOTHING


-- name: embedded_passages_of_articles
-- embeddings_0 stands for the model's table.
SELECT count(*) FROM embeddings_0 WHERE of_article


-- name: calibrate_embedding_model(model, vectors, passages)
-- Sets the floor: take the likeness of each probe to its nearest article passage, and store the second highest. The
-- highest is ignored, since an article may be about that probe after all. embeddings_0 stands for the model's table.
-- :vectors of the probes (questions about nothing in the articles), as text, :passages how many passages of articles
-- there are
UPDATE embedding_models SET floor_passages = :passages, floor = (
    SELECT likeness FROM (
        SELECT (SELECT 1 - (e.embedding <=> p.vector::vector) AS likeness FROM embeddings_0 AS e
                WHERE e.of_article ORDER BY e.embedding <=> p.vector::vector LIMIT 1)
        FROM unnest(:vectors::text[]) AS p (vector)) AS probes
    ORDER BY likeness DESC NULLS LAST OFFSET 1 LIMIT 1)
WHERE id = :model


-- name: complete_embedding_model(model)
-- Every passage has a vector of this model: mark the model as complete, and drop models that no process has used for an
-- hour. The hour keeps two processes with different models from dropping each other's again and again.
WITH done AS (
    UPDATE embedding_models SET complete_at = now() WHERE id = :model AND complete_at IS NULL
)
SELECT drop_embedding_model(m.id) FROM embedding_models AS m WHERE m.id <> :model
    AND m.used_at < now() - interval '1 hour'


-- name: show_knowledge_base
-- The view knowledge_base shows the vectors of the model that is in use now.
SELECT show_knowledge_base()


-- name: embedding_models
-- The newest first; but for those whose vectors went with pgvector.
SELECT m.* FROM embedding_models AS m
WHERE EXISTS (SELECT FROM pg_attribute AS a
              WHERE a.attrelid = to_regclass('embeddings_' || m.id) AND a.attname = 'embedding' AND NOT a.attisdropped)
ORDER BY m.begun_at DESC, m.id DESC


-- name: forget_meanings(passage_ids)
-- Of passages that say something else now. embeddings_0 stands for a model's table.
DELETE FROM embeddings_0 WHERE passage_id = ANY (:passage_ids::bigint[])


-- name: nearest_passages_among(vector, tags, sources, count)
-- The passages of some articles that are nearest in meaning, the nearest first. Each of them is compared: an index
-- would give the nearest of all, and then none of these might be among them. embeddings_0 stands for the model's table.
-- :vector as text, :tags any of them (null: all), :sources where they come from (null: anywhere)
WITH among AS MATERIALIZED (
    SELECT p.id FROM passages AS p JOIN articles AS k ON k.id = p.article_id
    WHERE (:tags::text[] IS NULL OR k.tags && :tags) AND (:sources::text IS NULL OR starts_with(k.source, :sources))
)
SELECT e.passage_id AS id, 1 - (e.embedding <=> :vector::text::vector) AS likeness FROM among AS a
    JOIN embeddings_0 AS e ON e.passage_id = a.id
ORDER BY e.embedding <=> :vector::text::vector LIMIT :count


-- name: nearest_passages(vector, of_articles, count)
-- The passages nearest in meaning, the nearest first. embeddings_0 stands for the model's table. :vector as text,
-- :of_articles whether of articles
SELECT e.passage_id AS id, 1 - (e.embedding <=> :vector::text::vector) AS likeness FROM embeddings_0 AS e
WHERE e.of_article = :of_articles ORDER BY e.embedding <=> :vector::text::vector LIMIT :count


-- name: search_articles(terms, nearest, likeness, tags, sources, count, depth, alone, share)
-- Articles by meaning and by words: the likeness of a passage to the question, and :share times the part of the
-- question's words that it holds. A word counts the more the fewer passages hold it: 1 divided by their number; a word
-- that none holds counts as 1. Words of a thousand passages and more are left out, unless there are no rarer ones.
-- :terms for to_tsquery, a word each, :nearest passages nearest in meaning, the nearest first, with their :likeness, of
-- which the first :alone count where no word is found, :tags any of them (null: all), :sources where they come from
-- (null: anywhere), :depth how deep the words go
WITH asked AS MATERIALIZED (
    SELECT t.query, (SELECT count(*) FROM (SELECT FROM passages AS p
        WHERE p.article_id IS NOT NULL AND p.words @@ t.query LIMIT 1000) AS held) AS passages
    FROM (SELECT to_tsquery('indonesian', w.term) || to_tsquery('english', w.term) AS query
          FROM unnest(:terms::text[]) AS w (term)) AS t
), weighed AS (
    SELECT query, passages, min(nullif(passages, 0)) OVER () AS fewest,
        1.0 / nullif(passages, 0) / sum(1.0 / greatest(passages, 1)) OVER () AS weight
    FROM asked
), written AS (
    SELECT p.id, sum(w.weight) AS part
    FROM weighed AS w JOIN passages AS p ON p.words @@ w.query JOIN articles AS k ON k.id = p.article_id
    WHERE (w.passages < 1000 OR w.passages = w.fewest) AND (:tags::text[] IS NULL OR k.tags && :tags)
        AND (:sources::text IS NULL OR starts_with(k.source, :sources))
    GROUP BY p.id
    ORDER BY part DESC, p.id LIMIT :depth
), meant AS (
    SELECT n.id, n.likeness
    FROM unnest(:nearest::bigint[], :likeness::float8[]) WITH ORDINALITY AS n (id, likeness, place)
    WHERE n.place <= :alone OR EXISTS (SELECT FROM written)
), found AS (
    SELECT id, coalesce(m.likeness, (SELECT min(likeness) FROM meant), 0) + :share::float8 * coalesce(w.part, 0) AS score
    FROM written AS w FULL JOIN meant AS m USING (id)
), best AS (
    SELECT DISTINCT ON (p.article_id) p.article_id, p.text, f.score
    FROM found AS f JOIN passages AS p ON p.id = f.id
    WHERE p.article_id IS NOT NULL
    ORDER BY p.article_id, f.score DESC, p.place
)
SELECT k.id, k.source, k.title, k.tags, b.score::real AS score,
    CASE WHEN a.words IS NULL THEN left(b.text, 240)
         ELSE ts_headline('indonesian', b.text, a.words,
             'StartSel=**, StopSel=**, MaxWords=40, MinWords=15') END AS snippet
FROM (SELECT to_tsquery('indonesian', w.words) || to_tsquery('english', w.words) AS words
      FROM (SELECT nullif(array_to_string(:terms::text[], ' | '), '') AS words) AS w) AS a,
    (SELECT * FROM best ORDER BY score DESC, article_id LIMIT :count) AS b
    JOIN articles AS k ON k.id = b.article_id
ORDER BY b.score DESC, k.id


-- name: search_chats(terms, nearest, likeness, count, depth, share)
-- Leads by what was said in their chats, in meaning and in words, as search_articles. :terms for to_tsquery, a word
-- each, :nearest passages nearest in meaning, with their :likeness, :depth how deep the words go, :share of the words
WITH asked AS MATERIALIZED (
    SELECT t.query, (SELECT count(*) FROM (SELECT FROM passages AS p
        WHERE p.lead_id IS NOT NULL AND p.words @@ t.query LIMIT 1000) AS held) AS passages
    FROM (SELECT to_tsquery('indonesian', w.term) || to_tsquery('english', w.term) AS query
          FROM unnest(:terms::text[]) AS w (term)) AS t
), weighed AS (
    SELECT query, passages, min(nullif(passages, 0)) OVER () AS fewest,
        1.0 / nullif(passages, 0) / sum(1.0 / greatest(passages, 1)) OVER () AS weight
    FROM asked
), written AS (
    SELECT p.id, sum(w.weight) AS part
    FROM weighed AS w JOIN passages AS p ON p.words @@ w.query JOIN lead_records AS r ON r.id = p.lead_id
    WHERE (w.passages < 1000 OR w.passages = w.fewest) AND r.deleted_at IS NULL
    GROUP BY p.id
    ORDER BY part DESC, p.id LIMIT :depth
), meant AS (
    SELECT n.id, n.likeness FROM unnest(:nearest::bigint[], :likeness::float8[]) AS n (id, likeness)
), found AS (
    SELECT id, coalesce(m.likeness, (SELECT min(likeness) FROM meant), 0) + :share::float8 * coalesce(w.part, 0) AS score
    FROM written AS w FULL JOIN meant AS m USING (id)
), best AS (
    SELECT DISTINCT ON (p.lead_id) p.lead_id, p.message_id, p.text, f.score
    FROM found AS f JOIN passages AS p ON p.id = f.id JOIN lead_records AS r ON r.id = p.lead_id
    WHERE r.deleted_at IS NULL
    ORDER BY p.lead_id, f.score DESC, p.place
)
SELECT l.id AS lead_id, l.name, l.phone, l.status, l.last_message_at, b.score::real AS score,
    message_that_says(b.message_id, :terms::text[]) AS message_id,
    CASE WHEN a.words IS NULL THEN left(b.text, 240)
         ELSE ts_headline('indonesian', b.text, a.words,
             'StartSel=**, StopSel=**, MaxWords=40, MinWords=15') END AS snippet
FROM (SELECT to_tsquery('indonesian', w.words) || to_tsquery('english', w.words) AS words
      FROM (SELECT nullif(array_to_string(:terms::text[], ' | '), '') AS words) AS w) AS a,
    (SELECT * FROM best ORDER BY score DESC, lead_id LIMIT :count) AS b
    JOIN lead_list AS l ON l.id = b.lead_id
ORDER BY b.score DESC, l.id


-- name: leads_that_say(terms, count)
-- Leads in whose chats each of these words stands, in any of its forms, and where one did last; the latest first. :terms
-- for to_tsquery, a word each
SELECT p.lead_id, (array_agg(p.message_id ORDER BY p.place DESC))[1] AS message_id
FROM unnest(:terms::text[]) AS w (term)
    JOIN passages AS p ON p.lead_id IS NOT NULL
        AND p.words @@ (to_tsquery('indonesian', w.term) || to_tsquery('english', w.term))
GROUP BY p.lead_id HAVING count(DISTINCT w.term) = cardinality(:terms::text[])
ORDER BY max(p.id) DESC LIMIT :count


-- name: messages_of_hits(message_ids, terms)
-- Of passages by their first message, the message that says these words. :terms for to_tsquery, a word each
SELECT h.near, m.id, coalesce(m.text, m.transcript, '') AS text
FROM unnest(:message_ids::text[]) AS h (near) JOIN messages AS m ON m.id = message_that_says(h.near, :terms::text[])


-- name: search_wide
-- For this transaction: look at so many neighbours that the nearest are rarely missed.
SET LOCAL hnsw.ef_search = 120
