-- What we know, to be found by words and by meaning: articles, and what was said in chats.

CREATE TABLE knowledge_base (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source        text NOT NULL UNIQUE CHECK (length(source) BETWEEN 1 AND 500),
    title         text NOT NULL CHECK (length(title) BETWEEN 1 AND 300),
    content       text NOT NULL CHECK (length(content) BETWEEN 1 AND 200000),
    tags          text[] NOT NULL DEFAULT '{}',
    content_hash  bytea NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE knowledge_base IS 'Articles that people and agents look things up in. Brought in by `mirror knowledge import`.';
COMMENT ON COLUMN knowledge_base.source IS 'Where it comes from: the file, and in a CSV its row. The same source again takes its place.';
COMMENT ON COLUMN knowledge_base.content_hash IS 'Of title, content and tags: the same again changes nothing.';
CREATE INDEX knowledge_base_by_tags ON knowledge_base USING gin (tags);
CREATE TABLE passages (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    article_id  bigint REFERENCES knowledge_base ON DELETE CASCADE,
    lead_id     uuid REFERENCES lead_records ON DELETE CASCADE,
    place       integer NOT NULL CHECK (place >= 0),
    title       text,
    text        text NOT NULL CHECK (text <> ''),
    message_id  text,
    words       tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('indonesian'::regconfig, coalesce(title, '')), 'A')
        || setweight(to_tsvector('english'::regconfig, coalesce(title, '')), 'A')
        || to_tsvector('indonesian'::regconfig, text) || to_tsvector('english'::regconfig, text)) STORED,
    CHECK ((article_id IS NULL) <> (lead_id IS NULL)),
    UNIQUE (article_id, place),
    UNIQUE (lead_id, place)
);
COMMENT ON TABLE passages IS 'What is searched: a part of an article, or of what was said in a chat, short enough to have one meaning.';
COMMENT ON COLUMN passages.message_id IS 'Of a chat: the first message of the passage.';
CREATE INDEX passages_of_articles ON passages USING gin (words) WHERE article_id IS NOT NULL;
CREATE INDEX passages_of_chats ON passages USING gin (words) WHERE lead_id IS NOT NULL;
CREATE TABLE embedding_models (
    id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL,
    dimension    integer NOT NULL CHECK (dimension BETWEEN 1 AND 2000),
    begun_at     timestamptz NOT NULL DEFAULT now(),
    complete_at  timestamptz,
    UNIQUE (name, dimension)
);
COMMENT ON TABLE embedding_models IS 'Models that passages are embedded with; each has a table of its own, embeddings_ID. Search goes by the last complete one while another is being filled.';
-- pgvector comes with many a PostgreSQL. Without it what is meant is not found, only what is written.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS vector;
EXCEPTION WHEN undefined_file OR insufficient_privilege OR feature_not_supported OR invalid_parameter_value THEN
    RAISE NOTICE 'pgvector is not to be had here (%): search goes by words alone', SQLERRM;
END $$;
