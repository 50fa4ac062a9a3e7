-- Every passage has its meaning by this model: search goes by it, and older ones go. $1 model
WITH done AS (
    UPDATE embedding_models SET complete_at = now() WHERE id = $1 AND complete_at IS NULL RETURNING begun_at
)
SELECT drop_embedding_model(m.id) FROM embedding_models AS m JOIN done AS d ON m.begun_at < d.begun_at WHERE m.id <> $1
