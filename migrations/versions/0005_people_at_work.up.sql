-- What the desk, the operators' pages and programs need: search, what each has read, keys, replays asked for, lag by minute.

CREATE TABLE lead_search (
    lead_id  uuid PRIMARY KEY REFERENCES lead_records ON DELETE CASCADE,
    words    text NOT NULL
);
COMMENT ON TABLE lead_search IS 'Names, @username and numbers of each lead in lower case, for search. Kept by triggers, so that no release can forget to.';
INSERT INTO lead_search (lead_id, words)
SELECT r.id, lower(concat_ws(' ', r.name, c.name, '@' || c.username, r.phone, c.phone))
FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id;
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
EXCEPTION WHEN undefined_file OR insufficient_privilege OR feature_not_supported OR invalid_parameter_value THEN
    RAISE NOTICE 'pg_trgm is not to be had here (%): search will not forgive typos', SQLERRM;
END $$;
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') THEN
        RETURN;
    END IF;
    CREATE INDEX lead_search_by_part ON lead_search USING gin (words gin_trgm_ops);
    CREATE INDEX lead_search_by_likeness ON lead_search USING gist (words gist_trgm_ops);
    CREATE OR REPLACE FUNCTION leads_spelled_like(wanted text, most integer) RETURNS SETOF uuid LANGUAGE sql STABLE AS $f$
        SELECT n.lead_id FROM (
            SELECT s.lead_id, wanted <<-> s.words AS distance FROM lead_search AS s
            ORDER BY wanted <<-> s.words LIMIT most) AS n
        WHERE n.distance <= 0.65
    $f$;
END $$;
COMMENT ON COLUMN lead_reads.read_at IS 'last_inbound_at of the person when the user last saw the lead.';
CREATE INDEX contacts_waiting ON contacts ((coalesce(last_message_at, '-infinity')), id)
    WHERE last_message_direction = 'inbound';
CREATE TABLE api_keys (
    id            text PRIMARY KEY CHECK (id ~ '^[0-9a-f]{12}$'),
    name          text NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    secret_hash   bytea NOT NULL,
    scopes        text[] NOT NULL CHECK (cardinality(scopes) > 0),
    created_at    timestamptz NOT NULL DEFAULT now(),
    last_used_at  timestamptz,
    expires_at    timestamptz,
    revoked_at    timestamptz
);
COMMENT ON TABLE api_keys IS 'Keys of programs, by the hash of their secret. Two of one name may live at once, so that one can be changed for the other.';
ALTER TABLE replays
    ADD COLUMN go boolean NOT NULL DEFAULT true,
    ADD COLUMN per_second real NOT NULL DEFAULT 100 CHECK (per_second > 0),
    ADD COLUMN done bigint NOT NULL DEFAULT 0,
    ADD COLUMN began_at timestamptz,
    ADD COLUMN seen_at timestamptz,
    ADD COLUMN cancel_asked_by text,
    ADD COLUMN error text,
    DROP CONSTRAINT replays_state_check,
    DROP CONSTRAINT replays_check,
    ADD CONSTRAINT replays_state_check CHECK (state IN ('asked', 'running', 'done', 'cancelled', 'failed')),
    ADD CONSTRAINT replays_check CHECK ((state IN ('asked', 'running')) = (ended_at IS NULL));
COMMENT ON COLUMN replays.go IS 'False for a plan: what would become of each event, without changing anything.';
COMMENT ON COLUMN replays.done IS 'How many dead letters or deliveries it has taken up so far.';
COMMENT ON COLUMN replays.seen_at IS 'When the worker that runs it last said so; null when a console runs it.';
CREATE INDEX replays_waiting ON replays (id) WHERE state IN ('asked', 'running');
CREATE TABLE lag_samples (
    at             timestamptz PRIMARY KEY DEFAULT now(),
    deliveries     integer NOT NULL,
    events         integer NOT NULL,
    dead           integer NOT NULL,
    waiting        integer NOT NULL,
    oldest_seconds real NOT NULL,
    ours_p50_ms    real,
    ours_p99_ms    real,
    kapso_seconds  real,
    ai_seconds     real
);
COMMENT ON TABLE lag_samples IS 'Every ten seconds: what was settled since, how late we were with it (receipt to commit), how late Kapso was, how long the oldest chat has waited for AI. Kept for a day.';
