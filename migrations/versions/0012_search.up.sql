-- Likeness is asked of names alone: numbers and addresses only made everybody a little alike, and a part of a number was
-- looked for in the wrong index.

CREATE FUNCTION names_in(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT regexp_replace(words, '(^|\s)\S*(@|\d{5})\S*', '', 'g')
$$;
COMMENT ON FUNCTION names_in IS 'What is left of lead_search.words without numbers, @usernames and e-mails.';
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') THEN
        RETURN;
    END IF;
    DROP INDEX lead_search_by_likeness;
    CREATE INDEX lead_search_by_likeness ON lead_search USING gist (names_in(words) gist_trgm_ops (siglen = 64));
    CREATE OR REPLACE FUNCTION leads_spelled_like(wanted text, most integer) RETURNS SETOF uuid LANGUAGE sql STABLE AS $f$
        SELECT n.lead_id FROM (
            SELECT s.lead_id, wanted <<-> names_in(s.words) AS distance FROM lead_search AS s
            ORDER BY wanted <<-> names_in(s.words) LIMIT most) AS n
        WHERE n.distance <= 0.65
    $f$;
END $$;
