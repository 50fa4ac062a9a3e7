DO $$
DECLARE
    known integer;
BEGIN
    FOR known IN SELECT id FROM embedding_models LOOP
        EXECUTE format('DROP TABLE IF EXISTS embeddings_%s', known);
    END LOOP;
END $$;
DROP TABLE embedding_models, passages, knowledge_base;
