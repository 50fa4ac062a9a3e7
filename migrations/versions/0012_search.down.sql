DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') THEN
        RETURN;
    END IF;
    CREATE INDEX lead_search_by_likeness ON lead_search USING gist (words gist_trgm_ops);
    CREATE OR REPLACE FUNCTION leads_spelled_like(wanted text, most integer) RETURNS SETOF uuid LANGUAGE sql STABLE AS $f$
        SELECT n.lead_id FROM (
            SELECT s.lead_id, wanted <<-> s.words AS distance FROM lead_search AS s
            ORDER BY wanted <<-> s.words LIMIT most) AS n
        WHERE n.distance <= 0.65
    $f$;
END $$;
DROP INDEX lead_search_by_spelling;
DROP FUNCTION IF EXISTS name_spellings, spellings, name_words;
