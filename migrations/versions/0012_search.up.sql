-- A typo is found by an index of how each name is spelled with a letter left out. Likeness by trigrams read every name there
-- is, missed short ones, and knew numbers and addresses, which made everybody a little alike.

CREATE FUNCTION name_words(words text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY(
        SELECT left(w, 40)
        FROM regexp_split_to_table(regexp_replace(words, '(^|\s)\S*(@|\d{5})\S*', '', 'g'), '[\s[:punct:]''\\]+') AS w
        WHERE w <> '' LIMIT 20);
COMMENT ON FUNCTION name_words IS 'The words of names in lead_search.words: without numbers, @usernames and e-mails. None holds a quote or a backslash.';

CREATE FUNCTION spellings(word text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN word || ARRAY(
        SELECT left(word, n - 1) || substr(word, n + 1) FROM generate_series(1, length(word)) AS n WHERE length(word) > 2);
COMMENT ON FUNCTION spellings IS 'A word, and without each of its letters. Two words share one when a letter is missing, too many, another or changed places with its neighbour.';

-- What it costs is said, because the planner would rather compute it for everybody than look into the index.
CREATE FUNCTION name_spellings(words text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10000
    RETURN array_to_tsvector(ARRAY(SELECT s FROM unnest(name_words(words)) AS w, unnest(' ' || w || spellings(w)) AS s));
COMMENT ON FUNCTION name_spellings IS 'The spellings of all names; behind a space stand the words as they are written.';

CREATE INDEX lead_search_by_spelling ON lead_search USING gin (name_spellings(words));
DROP INDEX IF EXISTS lead_search_by_likeness;

CREATE FUNCTION any_lexeme(words text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT '(' || string_agg('''' || w || '''', ' | ') || ')' FROM unnest(words) AS w);

CREATE FUNCTION ways_to_misspell(wanted text) RETURNS SETOF tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
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
COMMENT ON FUNCTION ways_to_misspell IS 'For name_spellings, the likeliest first: one word mistyped, every word, one of them not known at all.';

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
COMMENT ON FUNCTION leads_spelled_like IS 'Leads with a name nearly like that one, the most alike first.';
