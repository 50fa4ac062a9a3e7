-- An e-mail may be mistyped like a name. The words before its @ are words of a name; what stands behind it is one word.
DROP INDEX lead_search_by_spelling;
CREATE OR REPLACE FUNCTION name_words(words text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY(
        SELECT left(w, 40) FROM (
            SELECT regexp_split_to_table(regexp_replace(words, '(^|\s)\S*(@|\d{5})\S*', '', 'g'), '[\s[:punct:]''\\]+')
            UNION ALL
            SELECT regexp_split_to_table(m[1], '[[:punct:]''\\]+') FROM regexp_matches(words, '([^\s@]+)@[^\s@]+', 'g') AS m
            UNION ALL
            SELECT '@' || regexp_replace(m[1], '[[:punct:]''\\]+', '', 'g')
            FROM regexp_matches(words, '[^\s@]@([^\s@]+)', 'g') AS m
        ) AS pieces (w)
        WHERE w <> '' LIMIT 20);
COMMENT ON FUNCTION name_words IS 'The words of names and e-mails in lead_search.words, without numbers and @usernames; @examplecom for the address of jane@example.com. None holds a quote or a backslash.';
CREATE INDEX lead_search_by_spelling ON lead_search USING gin (name_spellings(words));

-- Where one word is left out of account, there is one that says who is meant: an e-mail's domain says it of nobody.
CREATE OR REPLACE FUNCTION ways_to_misspell(wanted text) RETURNS SETOF tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    WITH pieces AS (
        SELECT p.place, p.word, any_lexeme(ARRAY[' ' || p.word]) AS exact, any_lexeme(spellings(p.word)) AS near
        FROM unnest(name_words(wanted)) WITH ORDINALITY AS p (word, place)
    ), ways (kind, way) AS (
        SELECT 1, string_agg(CASE WHEN p.place = m.place THEN p.near ELSE p.exact END, ' & ')
        FROM pieces AS m CROSS JOIN pieces AS p GROUP BY m.place
        UNION ALL
        SELECT 2, string_agg(p.near, ' & ') FROM pieces AS p HAVING count(*) > 1
        UNION ALL
        SELECT 3, string_agg(p.near, ' & ') FROM pieces AS m JOIN pieces AS p ON p.place <> m.place
        GROUP BY m.place HAVING bool_or(p.word !~ '^@')
    )
    SELECT way::tsquery FROM ways ORDER BY kind
$$;

-- Guesses are for when there is nothing else: who is nearly called so is not followed by fifty who share one word.
CREATE OR REPLACE FUNCTION leads_spelled_like(wanted text, most integer) RETURNS SETOF uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
    found uuid[] := '{}';
    named integer := cardinality(name_words(wanted));
    tried integer := 0;
    way   tsquery;
BEGIN
    FOR way IN SELECT ways_to_misspell(wanted) LOOP
        tried := tried + 1;
        EXIT WHEN cardinality(found) > 0 AND named > 1 AND tried > named + 1;
        found := found || ARRAY(
            SELECT s.lead_id FROM lead_search AS s
            WHERE name_spellings(s.words) @@ way AND s.lead_id <> ALL (found)
              AND EXISTS (SELECT FROM lead_records AS r WHERE r.id = s.lead_id AND r.deleted_at IS NULL)
            LIMIT most - cardinality(found));
        EXIT WHEN cardinality(found) = most;
    END LOOP;
    RETURN QUERY SELECT unnest(found);
END $$;

-- Where a lead is brought when the CRM wants it there: of all places with that customer_status, this one.
ALTER TABLE customer_statuses ADD COLUMN is_aim boolean NOT NULL DEFAULT false;
UPDATE customer_statuses SET is_aim = true
WHERE NOT is_cold AND (customer_status, lead_status, was_converted) IN (
    ('active', 'converted', true), ('past', 'archived', true), ('lead', 'qualified', false), ('cold', 'archived', false));
CREATE UNIQUE INDEX customer_statuses_aim ON customer_statuses (customer_status) WHERE is_aim;
COMMENT ON COLUMN customer_statuses.is_aim IS 'Where a lead is brought that is to have this customer_status.';

-- Who fills a model says so: two processes that are told of different models keep both, and drop neither.
ALTER TABLE embedding_models ADD COLUMN used_at timestamptz NOT NULL DEFAULT now();
COMMENT ON COLUMN embedding_models.used_at IS 'When it was last filled, or looked at for passages without a meaning.';

-- Where pgvector was taken away the table has lost its vectors, and is begun anew when pgvector is back.
CREATE OR REPLACE FUNCTION begin_embedding_model(model text, dimensions integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    known integer;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'vector') THEN
        RETURN NULL;
    END IF;
    UPDATE embedding_models AS m SET used_at = now() WHERE m.name = model AND m.dimension = dimensions
        AND EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = to_regclass('embeddings_' || m.id)
                    AND a.attname = 'embedding' AND NOT a.attisdropped)
    RETURNING m.id INTO known;
    IF known IS NOT NULL THEN
        RETURN known;
    END IF;
    PERFORM pg_advisory_xact_lock(7209318);
    SELECT m.id INTO known FROM embedding_models AS m WHERE m.name = model AND m.dimension = dimensions;
    IF EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = to_regclass('embeddings_' || known)
               AND a.attname = 'embedding' AND NOT a.attisdropped) THEN
        RETURN known;
    END IF;
    PERFORM drop_embedding_model(known) WHERE known IS NOT NULL;
    INSERT INTO embedding_models (name, dimension) VALUES (model, dimensions) RETURNING id INTO known;
    EXECUTE format('CREATE TABLE embeddings_%s (
        passage_id bigint PRIMARY KEY REFERENCES passages ON DELETE CASCADE, embedding vector(%s) NOT NULL,
        of_article boolean NOT NULL)', known, dimensions);
    EXECUTE format('CREATE INDEX embeddings_%1$s_of_articles ON embeddings_%1$s
        USING hnsw (embedding vector_cosine_ops) WITH (m = 16, ef_construction = 64) WHERE of_article', known);
    EXECUTE format('CREATE INDEX embeddings_%1$s_of_chats ON embeddings_%1$s
        USING hnsw (embedding vector_cosine_ops) WITH (m = 16, ef_construction = 64) WHERE NOT of_article', known);
    EXECUTE format('COMMENT ON TABLE embeddings_%s IS %L', known, 'Meanings of passages, by ' || model || '.');
    RETURN known;
END $$;

-- Whoever puts passages there holds them, then a model's vectors; dropping the vectors would take the same two the other way round.
CREATE OR REPLACE FUNCTION drop_embedding_model(known integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE passages IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('DROP TABLE IF EXISTS embeddings_%s', known);
    DELETE FROM embedding_models WHERE id = known;
END $$;

-- Of chats that had come to rest before they could be searched, and of long ones all but the end, nothing was found.
CREATE TABLE chat_index (
    only_one    boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    indexed_to  uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'
);
COMMENT ON TABLE chat_index IS 'How far the walk has come that takes whole chats into the search: leads up to this id. Whoever comes later is taken in when their chat is read.';
INSERT INTO chat_index DEFAULT VALUES;

-- A handoff whose session was cleared before the CRM had it: remembered, so that it is not handed over after all.
ALTER TABLE handoff_records
    DROP CONSTRAINT handoff_records_state_check,
    ADD CONSTRAINT handoff_records_state_check CHECK (state IN ('pending', 'delivered', 'cleared'));

CREATE OR REPLACE VIEW processed_messages AS
SELECT m.id AS channel_message_id, 'whatsapp' AS channel, r.id AS customer_id, m.conversation_id, m.direction,
    m.sent_at AS processed_at
FROM messages AS m LEFT JOIN lead_records AS r ON r.contact_id = m.contact_id AND r.deleted_at IS NULL;
COMMENT ON COLUMN processed_messages.customer_id IS 'customers.id; null for one who was deleted.';

-- A reaction asks for no answer, as in the list of leads.
-- What a person held when it was patched: asked again, the same is answered.
ALTER TABLE idempotency_keys ADD COLUMN suggested text[] NOT NULL DEFAULT '{}';

-- Each lead has a contact, and each state its word: joined from the left, what nobody asks of them is not looked up, and the
-- newest customers and how many there are come out of one index.
CREATE OR REPLACE VIEW customer_list AS
SELECT r.id, r.contact_id, coalesce(r.name, c.name) AS name, p.email, coalesce(r.phone, c.phone) AS phone, p.address,
    r.domisili AS city, p.state, p.zip, coalesce(p.services, '{}') AS services, coalesce(p.seasons, '{}') AS seasons,
    s.customer_status AS status, p.last_service_date,
    (SELECT string_agg(n.text, E'\n' ORDER BY n.written_at, n.id) FROM lead_notes AS n
     WHERE n.lead_id = r.id AND NOT EXISTS (SELECT FROM lead_notes AS k WHERE k.corrects = n.id)) AS notes,
    coalesce(p.source, 'whatsapp') AS source, r.created_at, r.version
FROM lead_records AS r LEFT JOIN contacts AS c ON c.id = r.contact_id
    LEFT JOIN customer_profiles AS p ON p.lead_id = r.id
    LEFT JOIN customer_statuses AS s ON s.lead_status = r.status AND s.was_converted = (r.converted_at IS NOT NULL)
        AND s.is_cold = coalesce(r.lead_temperature = 'cold', false)
WHERE r.deleted_at IS NULL;
-- Somebody is found by the number that they gave, too.
CREATE INDEX lead_records_by_phone ON lead_records (phone) WHERE phone IS NOT NULL;
CREATE INDEX lead_records_newest ON lead_records (created_at DESC, id) WHERE deleted_at IS NULL;

CREATE OR REPLACE VIEW conversation_insights AS
SELECT v.id AS conversation_id, r.id AS lead_id,
    coalesce((SELECT m.direction = 'inbound' FROM messages AS m
              WHERE m.conversation_id = v.id AND m.type IS DISTINCT FROM 'reaction'
              ORDER BY m.sent_at DESC NULLS LAST, m.id DESC LIMIT 1), false) AS awaiting_reply,
    s.sentiment, s.message_id AS sentiment_message_id, s.read_at AS sentiment_at,
    (SELECT jsonb_agg(jsonb_build_object('sentiment', h.sentiment, 'message_id', h.message_id, 'at', h.read_at)
                      ORDER BY h.read_at)
     FROM conversation_sentiments AS h WHERE h.conversation_id = v.id) AS sentiment_history
FROM conversations AS v JOIN lead_records AS r ON r.contact_id = v.contact_id
    LEFT JOIN LATERAL (SELECT h.sentiment, h.message_id, h.read_at FROM conversation_sentiments AS h
                       WHERE h.conversation_id = v.id ORDER BY h.read_at DESC LIMIT 1) AS s ON true
WHERE r.deleted_at IS NULL;
