-- Of passages that say something else now. embeddings_0 stands for a model's table. $1 passage ids
DELETE FROM embeddings_0 WHERE passage_id = ANY ($1::bigint[])
