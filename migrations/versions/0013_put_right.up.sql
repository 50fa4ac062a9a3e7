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
