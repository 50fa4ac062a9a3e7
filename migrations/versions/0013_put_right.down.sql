ALTER TABLE idempotency_keys DROP COLUMN suggested;
DROP INDEX lead_records_newest, lead_records_by_phone;
DROP TABLE chat_index;
ALTER TABLE embedding_models DROP COLUMN used_at;
-- The release before knows no cleared ones; what it would hand over again counts as delivered.
UPDATE handoff_records SET state = 'delivered', crm_record_id = 'cleared', delivered_at = now() WHERE state = 'cleared';
ALTER TABLE handoff_records
    DROP CONSTRAINT handoff_records_state_check,
    ADD CONSTRAINT handoff_records_state_check CHECK (state IN ('pending', 'delivered'));
DROP INDEX customer_statuses_aim;
ALTER TABLE customer_statuses DROP COLUMN is_aim;
DROP INDEX lead_search_by_spelling;
CREATE OR REPLACE FUNCTION name_words(words text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY(
        SELECT left(w, 40)
        FROM regexp_split_to_table(regexp_replace(words, '(^|\s)\S*(@|\d{5})\S*', '', 'g'), '[\s[:punct:]''\\]+') AS w
        WHERE w <> '' LIMIT 20);
COMMENT ON FUNCTION name_words IS 'The words of names in lead_search.words: without numbers, @usernames and e-mails. None holds a quote or a backslash.';
CREATE INDEX lead_search_by_spelling ON lead_search USING gin (name_spellings(words));
