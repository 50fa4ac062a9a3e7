-- Functions as they are today. Those that an index needs are created by the revisions: migrations/versions.

CREATE FUNCTION contact_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM index_lead_words(NEW.id);
    RETURN NULL;
END $$;


CREATE FUNCTION lead_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM index_lead_words(NEW.contact_id);
    RETURN NULL;
END $$;


CREATE FUNCTION customer_email_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM index_lead_words(r.contact_id) FROM lead_records AS r WHERE r.id = NEW.lead_id;
    RETURN NULL;
END $$;


-- In the database, so that a converted lead without a client can't be, whichever release converts it.
CREATE FUNCTION become_client() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO clients (name)
    SELECT left(coalesce(NEW.name, c.name), 200) FROM contacts AS c WHERE c.id = NEW.contact_id
    RETURNING id INTO NEW.converted_to_client_id;
    RETURN NEW;
END $$;


CREATE FUNCTION priority_tier(lead_status text, temperature text, last_message_at timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN lead_status = 'archived' OR last_message_at < now() - interval '30 days' THEN 'dormant'
        ELSE coalesce((SELECT w.lead_level FROM temperature_words AS w WHERE w.lead_temperature = temperature), 'cold') END
$$;
COMMENT ON FUNCTION priority_tier IS 'hot, warm or cold by the temperature; dormant once archived, or silent for 30 days.';


CREATE FUNCTION any_lexeme(words text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT '(' || string_agg('''' || w || '''', ' | ') || ')' FROM unnest(words) AS w);


-- A way that leaves one word out must keep a word that is not an e-mail domain: a domain identifies nobody.
CREATE FUNCTION ways_to_misspell(wanted text) RETURNS SETOF tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
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
COMMENT ON FUNCTION ways_to_misspell IS 'For name_spellings, the likeliest first: one word mistyped, every word, one of them not known at all.';


-- Words are left out only if no lead matches all of them: else one near match is followed by fifty that share a word.
CREATE FUNCTION leads_spelled_like(wanted text, most integer) RETURNS SETOF uuid LANGUAGE plpgsql STABLE AS $$
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
COMMENT ON FUNCTION leads_spelled_like IS 'Leads with a name nearly like that one, the most alike first.';


-- Where pgvector was taken away the table has lost its vectors, and is begun anew when pgvector is back.
CREATE FUNCTION begin_embedding_model(model text, dimensions integer) RETURNS integer LANGUAGE plpgsql AS $$
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
    PERFORM pg_advisory_xact_lock(7209321);
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
COMMENT ON FUNCTION begin_embedding_model IS 'The id of a model, with its table made where it is new; null without pgvector.';


CREATE FUNCTION dead_letter_body(letter dead_letters) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(
        letter.body,
        (SELECT d.body FROM deliveries AS d WHERE d.received_at = letter.received_at AND d.id = letter.delivery_id),
        (SELECT k.body FROM dead_letters AS k WHERE k.delivery_id = letter.delivery_id AND k.body IS NOT NULL
         ORDER BY k.position LIMIT 1))
$$;
COMMENT ON FUNCTION dead_letter_body IS 'The exact bytes of a dead letter''s delivery, wherever they are stored.';


CREATE FUNCTION matching_dead_letters(
    wanted_state text, wanted_event text, wanted_kind text, wanted_fingerprint text, since timestamptz, names bytea[],
    wanted_id bigint
) RETURNS SETOF dead_letters LANGUAGE sql STABLE AS $$
    SELECT * FROM dead_letters AS d
    WHERE (wanted_state IS NULL OR d.state = wanted_state)
      AND (wanted_event IS NULL OR d.event = wanted_event)
      AND (wanted_kind IS NULL OR d.error_kind = wanted_kind)
      AND (wanted_fingerprint IS NULL OR d.fingerprint = wanted_fingerprint)
      AND (since IS NULL OR d.received_at >= since)
      AND (names IS NULL OR d.delivery_id IN (
          SELECT k.delivery_id FROM dead_letters AS k
          WHERE NOT EXISTS (SELECT FROM dead_letters AS f WHERE f.delivery_id = k.delivery_id AND f.position < k.position)
            AND EXISTS (SELECT FROM unnest(names) AS n (name) WHERE position(n.name IN dead_letter_body(k)) > 0)))
      AND (wanted_id IS NULL OR d.id = wanted_id)
$$;
COMMENT ON FUNCTION matching_dead_letters IS 'What every command that takes a filter acts on; null leaves a filter out. names: bytes of which one must stand in the body.';


-- The release before knows nothing of groups, and runs beside this one for a while.
CREATE FUNCTION keep_groups_apart() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.contact_id := NULL;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION keep_groups_apart IS 'A message of a group belongs to no contact, whichever release writes it.';


-- During a deployment the previous release still writes preferences only to sightings: this trigger copies them.
CREATE FUNCTION copy_preference() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO preference_sightings AS p (handle, bsuid, phone_number_id, preference, sequence, said_at)
    VALUES (NEW.handle, NEW.bsuid, '', NEW.marketing_preference, NEW.marketing_sequence,
            coalesce(NEW.marketing_preference_at, NEW.last_at))
    ON CONFLICT (handle, bsuid, phone_number_id) DO UPDATE
        SET preference = excluded.preference, sequence = excluded.sequence, said_at = excluded.said_at
        WHERE (excluded.sequence, excluded.said_at, excluded.preference) > (p.sequence, p.said_at, p.preference);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION copy_preference IS 'What the release before notes about marketing messages reaches preference_sightings.';


-- Where a person came from: their first message with an advertisement, or with a product, says so.
CREATE FUNCTION came_from(contact uuid) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN m.referral IS NOT NULL
        THEN coalesce(nullif(m.referral ->> 'source_type', ''), 'ad') || coalesce(': ' || coalesce(
            nullif(m.referral ->> 'headline', ''), nullif(m.referral ->> 'source_id', ''),
            nullif(m.referral ->> 'source_url', '')), '')
        ELSE 'product' || coalesce(': ' || nullif(m.referred_product ->> 'product_retailer_id', ''), '') END
    FROM messages AS m
    WHERE m.contact_id = contact AND (m.referral IS NOT NULL OR m.referred_product IS NOT NULL)
    ORDER BY m.sent_at, coalesce(m.first_received_at, '-infinity'), m.id LIMIT 1
$$;
COMMENT ON FUNCTION came_from IS 'The advertisement, post or product that the first such message of a contact names: ad: its headline, post: …, product: its number in the catalogue.';


-- A search finds people by every number that is theirs, and letters without their accents.
CREATE FUNCTION searchable(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN lower(regexp_replace(normalize(words, NFKD), '[\u0300-\u036f]', '', 'g'));
COMMENT ON FUNCTION searchable IS 'In lower case and without accents, composed or not. Says the same as domain.letters.searchable.';


CREATE FUNCTION session_lives(created_at timestamptz, seen_at timestamptz) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN created_at > now() - interval '7 days' AND seen_at > now() - interval '12 hours';
COMMENT ON FUNCTION session_lives IS 'Whether a session is still valid: at most 7 days old, and used within the last 12 hours.';


CREATE FUNCTION leads_of(since timestamptz, until timestamptz, in_city text, of_owner text, from_origin text DEFAULT NULL)
    RETURNS SETOF lead_records LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT r.* FROM lead_records AS r
    WHERE r.deleted_at IS NULL AND (since IS NULL OR r.created_at >= since) AND (until IS NULL OR r.created_at < until)
      AND (in_city IS NULL OR lower(r.domisili) = lower(in_city)) AND (of_owner IS NULL OR r.owner = of_owner)
      AND (from_origin IS NULL OR (came_from(r.contact_id) = from_origin AND r.contact_id IN (
              SELECT m.contact_id FROM messages AS m WHERE m.referral IS NOT NULL OR m.referred_product IS NOT NULL)))
$$;
COMMENT ON FUNCTION leads_of IS 'Leads created in a period, of a city in any case, of an owner, of an origin (came_from). A null argument does not filter. Postgres inlines it.';


CREATE FUNCTION begin_leads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lead_records (contact_id) SELECT id FROM born;
    INSERT INTO lead_search (lead_id, words)
    SELECT r.id, searchable(concat_ws(' ', b.name, '@' || b.username, b.phone))
    FROM lead_records AS r JOIN born AS b ON b.id = r.contact_id;
    RETURN NULL;
END $$;


CREATE FUNCTION index_lead_words(contact uuid) RETURNS void LANGUAGE sql AS $$
    UPDATE lead_search AS s SET words = searchable(concat_ws(' ', r.name, c.name, '@' || c.username, r.phone, c.phone, p.email,
        (SELECT string_agg(i.value, ' ' ORDER BY i.value) FILTER (WHERE i.kind = 'phone' AND i.value <> c.phone)
         FROM contact_identities AS i WHERE i.contact_id = c.id), r.business_type, r.domisili))
    FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id LEFT JOIN customer_profiles AS p ON p.lead_id = r.id
    WHERE c.id = contact AND s.lead_id = r.id
$$;


-- Only who has or had several numbers: the first one stands in contacts.phone. The kind is no condition of the search: without
-- statistics Postgres would look it up in the primary key, which finds the numbers of everybody, once for each contact.
CREATE FUNCTION numbers_known() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM index_lead_words(b.contact_id) FROM (SELECT DISTINCT contact_id FROM known WHERE kind = 'phone') AS b
    WHERE (SELECT count(*) FILTER (WHERE i.kind = 'phone') FROM contact_identities AS i WHERE i.contact_id = b.contact_id) > 1;
    RETURN NULL;
END $$;


CREATE FUNCTION numbers_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM index_lead_words(g.contact_id) FROM (
        SELECT contact_id FROM gone WHERE kind = 'phone' GROUP BY contact_id HAVING count(*) > 1) AS g;
    RETURN NULL;
END $$;


CREATE FUNCTION close_odds(lead_status text, phase text, score integer) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE lead_status WHEN 'converted' THEN 1.00 WHEN 'archived' THEN 0.00 ELSE
        round(score / 100.0 * CASE phase WHEN 'D' THEN 0.9 WHEN 'C' THEN 0.6 WHEN 'B' THEN 0.4 ELSE 0.2 END, 2) END
$$;
COMMENT ON FUNCTION close_odds IS 'Default deal probability: 1 if converted, 0 if archived, else score / 100 times 0.2 (phase A) to 0.9 (phase D).';


CREATE FUNCTION is_answer(direction text, type text, status text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT direction = 'outbound' AND type IS DISTINCT FROM 'reaction' AND status IS DISTINCT FROM 'failed'
$$;
COMMENT ON FUNCTION is_answer IS 'Whether this message answers its contact, so that the contact waits no longer: true for every outbound message, of a person or the bot, except reactions and failed sends.';


CREATE FUNCTION is_question(direction text, type text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT direction = 'inbound' AND type IS DISTINCT FROM 'reaction'
$$;
COMMENT ON FUNCTION is_question IS 'Whether the author of this message waits for an answer: true for every inbound message except a reaction.';


CREATE FUNCTION last_contact(contact uuid) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT m.sent_at FROM messages AS m
    WHERE m.contact_id = contact AND m.sent_at IS NOT NULL AND m.type IS DISTINCT FROM 'reaction'
      AND NOT (m.direction IS NOT DISTINCT FROM 'outbound' AND m.status IS NOT DISTINCT FROM 'failed')
    ORDER BY m.sent_at DESC NULLS LAST, coalesce(m.first_received_at, '-infinity') DESC, m.id DESC LIMIT 1
$$;
COMMENT ON FUNCTION last_contact IS 'When we and a contact last wrote to each other: the newest message sent or received, without reactions and failed sends.';


CREATE FUNCTION waiting_since(contact uuid) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH answer AS (
        SELECT m.sent_at, coalesce(m.first_received_at, '-infinity') AS received_at, m.id FROM messages AS m
        WHERE m.contact_id = contact AND m.sent_at IS NOT NULL AND is_answer(m.direction, m.type, m.status)
        ORDER BY m.sent_at DESC NULLS LAST, coalesce(m.first_received_at, '-infinity') DESC, m.id DESC LIMIT 1)
    SELECT min(m.sent_at) FROM messages AS m
    WHERE m.contact_id = contact AND is_question(m.direction, m.type)
      AND m.sent_at >= coalesce((SELECT a.sent_at FROM answer AS a), '-infinity')
      AND NOT EXISTS (SELECT FROM answer AS a
                      WHERE (m.sent_at, coalesce(m.first_received_at, '-infinity'), m.id) < (a.sent_at, a.received_at, a.id))
$$;
COMMENT ON FUNCTION waiting_since IS 'Since when a contact waits for us: their first message after our last answer; null while nobody waits.';


CREATE FUNCTION standing_snooze(until timestamptz, snoozed_after integer, questions integer) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN snoozed_after = questions THEN until END
$$;
COMMENT ON FUNCTION standing_snooze IS 'Until when a lead is snoozed; null once its person wrote again.';


CREATE FUNCTION contact_heard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.heard_lately := true;
    RETURN NEW;
END $$;


-- For workers of the release before, which do not know waiting_since.
CREATE FUNCTION contact_waits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.waiting_since := waiting_since(NEW.id);
    RETURN NEW;
END $$;


-- For workers of the release before, which do not know questions.
CREATE FUNCTION contact_asked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.questions := NEW.questions + 1;
    RETURN NEW;
END $$;


-- Of at most 40 inbound messages.
CREATE FUNCTION message_that_says(near text, terms text[]) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce((
        SELECT m.id
        FROM messages AS f CROSS JOIN LATERAL (
            SELECT n.id, coalesce(n.text, n.transcript, '') AS said,
                row_number() OVER (ORDER BY n.sent_at NULLS FIRST, coalesce(n.first_received_at, '-infinity'), n.id) AS place
            FROM messages AS n
            WHERE n.contact_id = f.contact_id AND n.direction = 'inbound'
              AND (coalesce(n.sent_at, '-infinity'), coalesce(n.first_received_at, '-infinity'), n.id)
                  >= (coalesce(f.sent_at, '-infinity'), coalesce(f.first_received_at, '-infinity'), f.id)
            ORDER BY n.sent_at NULLS FIRST, coalesce(n.first_received_at, '-infinity'), n.id LIMIT 40) AS m
        CROSS JOIN LATERAL (
            SELECT count(*) AS words FROM unnest(terms) AS t (term)
            WHERE (to_tsvector('indonesian', m.said) || to_tsvector('english', m.said))
                @@ (to_tsquery('indonesian', t.term) || to_tsquery('english', t.term))) AS held
        WHERE f.id = near AND held.words > 0
        ORDER BY held.words DESC, m.place LIMIT 1), near)
$$;
COMMENT ON FUNCTION message_that_says IS 'The id of the message with most of these words among the 40 inbound messages of its chat that begin with the message near; near itself where none has them.';


CREATE FUNCTION count_values(relation text, attribute text) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    found bigint;
BEGIN
    IF to_regclass(relation) IS NULL OR (attribute IS NOT NULL AND NOT EXISTS (
        SELECT FROM pg_attribute AS a WHERE a.attrelid = to_regclass(relation) AND a.attname = attribute)) THEN
        RETURN NULL;
    END IF;
    EXECUTE format('SELECT count(%s) FROM %I', coalesce(quote_ident(attribute), '*'), relation) INTO found;
    RETURN found;
END $$;
COMMENT ON FUNCTION count_values IS 'How many rows a table has, or how many values a column of it; null where there is no such table or column.';


CREATE FUNCTION signal_list(signals jsonb) RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(jsonb_agg(
        jsonb_build_object(
            'type', replace(replace(s.name, '-', ''), ' ', '_'), 'weight', round((s.signal ->> 'points')::numeric / 100, 2),
            'points', (s.signal ->> 'points')::integer, 'message_id', s.signal ->> 'message_id', 'quote', s.signal ->> 'quote',
            'timestamp', (SELECT m.sent_at FROM messages AS m WHERE m.id = s.signal ->> 'message_id'))
        || jsonb_strip_nulls(jsonb_build_object('count', s.signal -> 'count', 'value', s.signal -> 'value'))
        ORDER BY (s.signal ->> 'points')::integer DESC, s.name), '[]')
    FROM jsonb_each(signals) AS s (name, signal)
$$;
COMMENT ON FUNCTION signal_list IS 'Signals as readers see them, most points first (those against come last), each with its type, weight, and the message and words that show it.';


CREATE FUNCTION answered_by(origin text, conversation uuid, at timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN origin = 'business_app' THEN 'person'
        WHEN conversation IS NULL OR at IS NULL THEN 'unknown'
        WHEN bool_or(w.started_at <= at AND at <= coalesce(w.ended_at, w.started_at + interval '1 day')) THEN 'bot'
        -- A run that began more than a day ago is not polled any more: it may have ended since.
        WHEN bool_or(w.started_at <= at AND w.ended_at IS NULL) THEN 'unknown'
        -- The start of such a run is not known: it may have begun before or after the message.
        WHEN bool_or(w.started_at IS NULL AND at <= w.ended_at)
            THEN CASE WHEN bool_or(w.ended_at < at) THEN 'unknown' ELSE 'bot' END
        WHEN bool_or(w.ended_at < at) THEN 'person'
        -- Kapso does not push that a run begins: until the next poll, one may have begun that we do not know.
        WHEN at > now() - interval '10 minutes'
            AND EXISTS (SELECT FROM cursors AS k WHERE k.name LIKE 'executions:%' AND k.complete_to < at) THEN 'unknown'
        ELSE 'person' END
    FROM workflow_executions AS w WHERE w.conversation_id = conversation
$$;
COMMENT ON FUNCTION answered_by IS 'Who wrote an outbound message: person (the WhatsApp Business app, or no run of the bot was under way in the conversation), bot (one was), or unknown.';


-- Also for handoffs of the release before, which knows no sessions and may leave out the summary.
CREATE FUNCTION register_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.conversation_summary := coalesce(NEW.conversation_summary, 'No summary was given.');
    IF EXISTS (SELECT FROM handoffs WHERE packet_id = NEW.packet_id) THEN
        RETURN NEW;  -- the same again is not inserted
    END IF;
    -- An update that changes nothing locks the row: nobody removes it before this handoff refers to it.
    INSERT INTO visitor_sessions (id, conversation_id) VALUES (NEW.session_id, NEW.conversation_id)
    ON CONFLICT (id) DO UPDATE SET conversation_id = coalesce(visitor_sessions.conversation_id, excluded.conversation_id);
    RETURN NEW;
END $$;


CREATE FUNCTION forget_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM visitor_sessions AS s WHERE s.id IN (SELECT session_id FROM gone)
        AND NOT EXISTS (SELECT FROM handoffs AS h WHERE h.session_id = s.id);
    RETURN NULL;
END $$;


CREATE FUNCTION show_knowledge_base() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    has_vectors boolean := EXISTS (SELECT FROM pg_extension WHERE extname = 'vector');
    used integer := (SELECT m.id FROM embedding_models AS m
                     WHERE EXISTS (SELECT FROM pg_attribute AS t WHERE t.attrelid = to_regclass('embeddings_' || m.id)
                                   AND t.attname = 'embedding' AND NOT t.attisdropped)
                     ORDER BY m.complete_at IS NULL, m.complete_at DESC, m.id DESC LIMIT 1);
    definition text := format(
        'SELECT md5(''passage '' || p.id)::uuid AS id, a.title, p.text AS content, %s AS embedding, a.source, a.tags,
            p.article_id, p.place, a.updated_at
        FROM articles AS a JOIN passages AS p ON p.article_id = a.id %s',
        CASE WHEN NOT has_vectors THEN 'NULL::real[]' WHEN used IS NULL THEN 'NULL::vector' ELSE 'e.embedding::vector' END,
        CASE WHEN has_vectors AND used IS NOT NULL
             THEN format('LEFT JOIN embeddings_%s AS e ON e.passage_id = p.id', used) ELSE '' END);
BEGIN
    BEGIN
        EXECUTE 'CREATE OR REPLACE VIEW knowledge_base AS ' || definition;
    EXCEPTION WHEN invalid_table_definition THEN  -- pgvector came or went: the type of embedding is another one
        DROP VIEW knowledge_base;
        EXECUTE 'CREATE VIEW knowledge_base AS ' || definition;
    END;
    COMMENT ON VIEW knowledge_base IS 'Articles, one row for each passage; search looks questions up here.';
    COMMENT ON COLUMN knowledge_base.id IS 'Of a passage; other ones once its article has changed.';
    COMMENT ON COLUMN knowledge_base.title IS 'What the article is called.';
    COMMENT ON COLUMN knowledge_base.content IS 'The text of the passage.';
    COMMENT ON COLUMN knowledge_base.embedding IS 'Its vector by the model in use (the last complete one of embedding_models); null until it is embedded, and without pgvector.';
    COMMENT ON COLUMN knowledge_base.source IS 'Where the article comes from.';
    COMMENT ON COLUMN knowledge_base.tags IS 'Words to choose articles by.';
    COMMENT ON COLUMN knowledge_base.article_id IS 'The article as a whole (articles.id).';
    COMMENT ON COLUMN knowledge_base.place IS 'Where in the article the passage stands, from 0.';
    COMMENT ON COLUMN knowledge_base.updated_at IS 'When the article last changed.';
END $$;
COMMENT ON FUNCTION show_knowledge_base IS 'Makes the view knowledge_base, for the model that is in use now.';


-- Writers lock passages first and then the vectors of a model; dropping the vectors keeps that order.
CREATE FUNCTION drop_embedding_model(known integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE passages IN ACCESS EXCLUSIVE MODE;
    DELETE FROM embedding_models WHERE id = known;
    PERFORM show_knowledge_base();
    EXECUTE format('DROP TABLE IF EXISTS embeddings_%s', known);
END $$;


-- When an alarm ends, keep it for 90 days: the chart of operations marks it.
CREATE FUNCTION keep_incident() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO incidents (name, what, began_at, ended_at)
    VALUES (OLD.name, OLD.what, OLD.raised_at, greatest(OLD.raised_at, now()));
    DELETE FROM incidents WHERE ended_at < now() - interval '90 days';
    RETURN NULL;
END $$;


-- Insert a notification for each hook that has the event, in the transaction of the change.
CREATE FUNCTION notify_hooks(of_event text, lead uuid, more jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO notifications (hook_id, event, lead_id, data)
    SELECT h.id, of_event, lead, more FROM hooks AS h WHERE of_event = ANY (h.events)
$$;


CREATE FUNCTION notify_new_leads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM hooks) THEN
        PERFORM notify_hooks('lead.created', b.id, '{}') FROM born AS b;
    END IF;
    RETURN NULL;
END $$;


CREATE FUNCTION notify_lead_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM hooks) THEN
        PERFORM notify_hooks(
            CASE c.field WHEN 'status' THEN 'lead.status_changed' ELSE 'lead.became_hot' END, c.lead_id,
            jsonb_build_object('from', c.old, 'to', c.new, 'by', c.source))
        FROM made AS c
        WHERE c.old IS DISTINCT FROM c.new
          AND (c.field = 'status' OR (c.field = 'lead_temperature' AND c.new = '"hot"'))
        ORDER BY c.id;
    END IF;
    RETURN NULL;
END $$;


CREATE FUNCTION notify_handoff() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM notify_hooks('handoff.created', NEW.lead_id, jsonb_build_object('handoff_id', NEW.id));
    RETURN NULL;
END $$;


CREATE FUNCTION notify_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM notify_hooks('suggestion.decided', NEW.lead_id, jsonb_build_object(
        'suggestion_id', NEW.id, 'type', NEW.type, 'status', NEW.status));
    RETURN NULL;
END $$;


CREATE FUNCTION notify_alarm() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM notify_hooks('alarm.began', NULL, jsonb_build_object('name', NEW.name, 'what', NEW.what));
    ELSE
        PERFORM notify_hooks('alarm.ended', NULL, jsonb_build_object('name', OLD.name, 'began_at', OLD.raised_at));
    END IF;
    RETURN NULL;
END $$;


-- Queue the file of a message for the archive. A new URL is tried at once. A revoked message loses its file.
CREATE FUNCTION queue_media() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.revoked_at IS NOT NULL THEN
        DELETE FROM media_files WHERE message_id = NEW.id;
    ELSIF NEW.media_url IS NOT NULL AND EXISTS (SELECT FROM mirror WHERE archives_media) THEN
        INSERT INTO media_files AS f (message_id) VALUES (NEW.id)
        ON CONFLICT (message_id) DO UPDATE SET state = 'waiting', attempts = 0, next_try_at = now(), error = NULL
        WHERE f.state IN ('waiting', 'refused');
    END IF;
    RETURN NULL;
END $$;


-- Queue two deletions of a file whose row is gone or expired: one now, one in 20 minutes. A worker that claimed the file before
-- may still store it, for at most 15 minutes.
CREATE FUNCTION remove_media() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO media_removals (key, due_at) VALUES (OLD.key, now()), (OLD.key, now() + interval '20 minutes');
    RETURN NULL;
END $$;
