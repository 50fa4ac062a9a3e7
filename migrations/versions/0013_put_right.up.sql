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
-- A reaction asks for no answer, as in the list of leads.
-- What a person held when it was patched: asked again, the same is answered.
ALTER TABLE idempotency_keys ADD COLUMN suggested text[] NOT NULL DEFAULT '{}';
-- Somebody is found by the number that they gave, too.
CREATE INDEX lead_records_by_phone ON lead_records (phone) WHERE phone IS NOT NULL;
CREATE INDEX lead_records_newest ON lead_records (created_at DESC, id) WHERE deleted_at IS NULL;
