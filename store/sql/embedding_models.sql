-- The newest first; but for those whose vectors went with pgvector.
SELECT m.* FROM embedding_models AS m
WHERE EXISTS (SELECT FROM pg_attribute AS a
              WHERE a.attrelid = to_regclass('embeddings_' || m.id) AND a.attname = 'embedding' AND NOT a.attisdropped)
ORDER BY m.begun_at DESC, m.id DESC
