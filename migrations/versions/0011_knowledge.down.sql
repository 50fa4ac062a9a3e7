SELECT drop_embedding_model(id) FROM embedding_models;
DROP FUNCTION drop_embedding_model, begin_embedding_model;
DROP TABLE embedding_models, passages, knowledge_base;
