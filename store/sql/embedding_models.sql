-- The newest first.
SELECT * FROM embedding_models ORDER BY begun_at DESC, id DESC
