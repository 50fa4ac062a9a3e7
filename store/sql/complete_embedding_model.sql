-- Every passage has its meaning by this model: search goes by it, and models that nobody has filled for an hour go. Two
-- processes that are told of different models would otherwise drop each other's for ever. $1 model
WITH done AS (
    UPDATE embedding_models SET complete_at = now() WHERE id = $1 AND complete_at IS NULL
)
SELECT drop_embedding_model(m.id) FROM embedding_models AS m WHERE m.id <> $1 AND m.used_at < now() - interval '1 hour'
