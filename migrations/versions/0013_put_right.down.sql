CREATE OR REPLACE VIEW conversation_insights AS
SELECT v.id AS conversation_id, r.id AS lead_id,
    coalesce((SELECT m.direction = 'inbound' FROM messages AS m WHERE m.conversation_id = v.id
              ORDER BY m.sent_at DESC NULLS LAST, m.id DESC LIMIT 1), false) AS awaiting_reply,
    s.sentiment, s.message_id AS sentiment_message_id, s.read_at AS sentiment_at,
    (SELECT jsonb_agg(jsonb_build_object('sentiment', h.sentiment, 'message_id', h.message_id, 'at', h.read_at)
                      ORDER BY h.read_at)
     FROM conversation_sentiments AS h WHERE h.conversation_id = v.id) AS sentiment_history
FROM conversations AS v JOIN lead_records AS r ON r.contact_id = v.contact_id
    LEFT JOIN LATERAL (SELECT h.sentiment, h.message_id, h.read_at FROM conversation_sentiments AS h
                       WHERE h.conversation_id = v.id ORDER BY h.read_at DESC LIMIT 1) AS s ON true
WHERE r.deleted_at IS NULL;
COMMENT ON COLUMN processed_messages.customer_id IS NULL;
CREATE OR REPLACE VIEW processed_messages AS
SELECT m.id AS channel_message_id, 'whatsapp' AS channel, r.id AS customer_id, m.conversation_id, m.direction,
    m.sent_at AS processed_at
FROM messages AS m LEFT JOIN lead_records AS r ON r.contact_id = m.contact_id;

ALTER TABLE idempotency_keys DROP COLUMN suggested;
DROP INDEX lead_records_newest, lead_records_by_phone;
CREATE OR REPLACE VIEW customer_list AS
SELECT r.id, r.contact_id, coalesce(r.name, c.name) AS name, p.email, coalesce(r.phone, c.phone) AS phone, p.address,
    r.domisili AS city, p.state, p.zip, coalesce(p.services, '{}') AS services, coalesce(p.seasons, '{}') AS seasons,
    s.customer_status AS status, p.last_service_date,
    (SELECT string_agg(n.text, E'\n' ORDER BY n.written_at, n.id) FROM lead_notes AS n
     WHERE n.lead_id = r.id AND NOT EXISTS (SELECT FROM lead_notes AS k WHERE k.corrects = n.id)) AS notes,
    coalesce(p.source, 'whatsapp') AS source, r.created_at, r.version
FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
    LEFT JOIN customer_profiles AS p ON p.lead_id = r.id
    JOIN customer_statuses AS s ON s.lead_status = r.status AND s.was_converted = (r.converted_at IS NOT NULL)
        AND s.is_cold = coalesce(r.lead_temperature = 'cold', false)
WHERE r.deleted_at IS NULL;

CREATE OR REPLACE FUNCTION drop_embedding_model(known integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DROP TABLE IF EXISTS embeddings_%s', known);
    DELETE FROM embedding_models WHERE id = known;
END $$;

DROP TABLE chat_index;
CREATE OR REPLACE FUNCTION begin_embedding_model(model text, dimensions integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    known integer;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'vector') THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(7209318);
    SELECT m.id INTO known FROM embedding_models AS m WHERE m.name = model AND m.dimension = dimensions;
    IF known IS NULL THEN
        INSERT INTO embedding_models (name, dimension) VALUES (model, dimensions) RETURNING id INTO known;
        EXECUTE format('CREATE TABLE embeddings_%s (
            passage_id bigint PRIMARY KEY REFERENCES passages ON DELETE CASCADE, embedding vector(%s) NOT NULL,
            of_article boolean NOT NULL)', known, dimensions);
        EXECUTE format('CREATE INDEX embeddings_%1$s_of_articles ON embeddings_%1$s
            USING hnsw (embedding vector_cosine_ops) WITH (m = 16, ef_construction = 64) WHERE of_article', known);
        EXECUTE format('CREATE INDEX embeddings_%1$s_of_chats ON embeddings_%1$s
            USING hnsw (embedding vector_cosine_ops) WITH (m = 16, ef_construction = 64) WHERE NOT of_article', known);
        EXECUTE format('COMMENT ON TABLE embeddings_%s IS %L', known, 'Meanings of passages, by ' || model || '.');
    END IF;
    RETURN known;
END $$;
ALTER TABLE embedding_models DROP COLUMN used_at;

-- The release before knows no cleared ones; what it would hand over again counts as delivered.
UPDATE handoff_records SET state = 'delivered', crm_record_id = 'cleared', delivered_at = now() WHERE state = 'cleared';
ALTER TABLE handoff_records
    DROP CONSTRAINT handoff_records_state_check,
    ADD CONSTRAINT handoff_records_state_check CHECK (state IN ('pending', 'delivered'));
DROP INDEX customer_statuses_aim;
ALTER TABLE customer_statuses DROP COLUMN is_aim;

DROP INDEX lead_search_by_spelling;
CREATE OR REPLACE FUNCTION leads_spelled_like(wanted text, most integer) RETURNS SETOF uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
    found uuid[] := '{}';
    way   tsquery;
BEGIN
    FOR way IN SELECT ways_to_misspell(wanted) LOOP
        found := found || ARRAY(
            SELECT s.lead_id FROM lead_search AS s
            WHERE name_spellings(s.words) @@ way AND s.lead_id <> ALL (found)
              AND EXISTS (SELECT FROM lead_records AS r WHERE r.id = s.lead_id AND r.deleted_at IS NULL)
            LIMIT most - cardinality(found));
        EXIT WHEN cardinality(found) = most;
    END LOOP;
    RETURN QUERY SELECT unnest(found);
END $$;
CREATE OR REPLACE FUNCTION ways_to_misspell(wanted text) RETURNS SETOF tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    WITH pieces AS (
        SELECT p.place, any_lexeme(ARRAY[' ' || p.word]) AS exact, any_lexeme(spellings(p.word)) AS near
        FROM unnest(name_words(wanted)) WITH ORDINALITY AS p (word, place)
    ), ways (kind, way) AS (
        SELECT 1, string_agg(CASE WHEN p.place = m.place THEN p.near ELSE p.exact END, ' & ')
        FROM pieces AS m CROSS JOIN pieces AS p GROUP BY m.place
        UNION ALL
        SELECT 2, string_agg(p.near, ' & ') FROM pieces AS p HAVING count(*) > 1
        UNION ALL
        SELECT 3, string_agg(p.near, ' & ') FROM pieces AS m JOIN pieces AS p ON p.place <> m.place GROUP BY m.place
    )
    SELECT way::tsquery FROM ways ORDER BY kind
$$;
CREATE OR REPLACE FUNCTION name_words(words text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY(
        SELECT left(w, 40)
        FROM regexp_split_to_table(regexp_replace(words, '(^|\s)\S*(@|\d{5})\S*', '', 'g'), '[\s[:punct:]''\\]+') AS w
        WHERE w <> '' LIMIT 20);
COMMENT ON FUNCTION name_words IS 'The words of names in lead_search.words: without numbers, @usernames and e-mails. None holds a quote or a backslash.';
CREATE INDEX lead_search_by_spelling ON lead_search USING gin (name_spellings(words));
