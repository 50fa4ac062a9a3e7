-- What the desk, the operators' pages and programs need: search, what each has read, keys, replays asked for, lag by minute.

CREATE TABLE lead_search (
    lead_id  uuid PRIMARY KEY REFERENCES lead_records ON DELETE CASCADE,
    words    text NOT NULL
);
COMMENT ON TABLE lead_search IS 'Names, @username and numbers of each lead in lower case, for search. Kept by triggers, so that no release can forget to.';

-- A lead's row stands here from the lead's beginning on: renaming only ever updates it, and so waits for nothing but it.
CREATE OR REPLACE FUNCTION begin_leads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lead_records (contact_id) SELECT id FROM born;
    INSERT INTO lead_search (lead_id, words)
    SELECT r.id, lower(concat_ws(' ', b.name, '@' || b.username, b.phone))
    FROM lead_records AS r JOIN born AS b ON b.id = r.contact_id;
    RETURN NULL;
END $$;
CREATE FUNCTION index_lead_words(contact uuid) RETURNS void LANGUAGE sql AS $$
    UPDATE lead_search AS s SET words = lower(concat_ws(' ', r.name, c.name, '@' || c.username, r.phone, c.phone))
    FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
    WHERE c.id = contact AND s.lead_id = r.id
$$;
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
CREATE TRIGGER contacts_renamed AFTER UPDATE ON contacts FOR EACH ROW
    WHEN ((OLD.name, OLD.username, OLD.phone) IS DISTINCT FROM (NEW.name, NEW.username, NEW.phone))
    EXECUTE FUNCTION contact_renamed();
CREATE TRIGGER lead_records_renamed AFTER UPDATE ON lead_records FOR EACH ROW
    WHEN ((OLD.name, OLD.phone, OLD.contact_id) IS DISTINCT FROM (NEW.name, NEW.phone, NEW.contact_id))
    EXECUTE FUNCTION lead_renamed();

INSERT INTO lead_search (lead_id, words)
SELECT r.id, lower(concat_ws(' ', r.name, c.name, '@' || c.username, r.phone, c.phone))
FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id;

-- pg_trgm comes with PostgreSQL nearly everywhere. Without it names are found as they are written, and typos are not.
CREATE FUNCTION leads_spelled_like(wanted text, most integer) RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
    SELECT s.lead_id FROM lead_search AS s WHERE s.words LIKE '%' || wanted || '%' LIMIT most
$$;
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
COMMENT ON FUNCTION leads_spelled_like IS 'Leads with a name nearly like that one, the most alike first.';

CREATE FUNCTION matching_leads(
    wanted_status text[], wanted_temperature text[], wanted_phase text[], city text, waiting boolean,
    least_score integer, most_score integer, since timestamptz, part text, parts text[], among uuid[],
    reader uuid, reader_since timestamptz
) RETURNS SETOF lead_list LANGUAGE sql STABLE AS $$
    SELECT l.* FROM lead_list AS l LEFT JOIN lead_search AS w ON w.lead_id = l.id
    WHERE (wanted_status IS NULL OR l.status = ANY (wanted_status))
      AND (wanted_temperature IS NULL OR l.lead_temperature = ANY (wanted_temperature))
      AND (wanted_phase IS NULL OR l.chat_phase = ANY (wanted_phase))
      AND (city IS NULL OR lower(l.domisili) = city)
      AND (waiting IS NULL OR l.awaiting_reply = waiting)
      AND (least_score IS NULL OR l.lead_score >= least_score)
      AND (most_score IS NULL OR l.lead_score <= most_score)
      AND (since IS NULL OR l.recency >= since)
      AND (part IS NULL OR (w.words LIKE part AND w.words LIKE ALL (parts)))
      AND (among IS NULL OR l.id = ANY (among))
      AND (reader IS NULL OR (
              l.recency > reader_since
              AND l.last_inbound_at > coalesce((SELECT d.read_at FROM lead_reads AS d
                                                WHERE d.user_id = reader AND d.lead_id = l.id), reader_since)))
$$;
COMMENT ON FUNCTION matching_leads IS 'What every list, count and export of leads acts on; null leaves a filter out. part: the longest of parts, patterns that all stand in its names and numbers; reader: only what that user has not read.';
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
