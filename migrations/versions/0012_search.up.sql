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
