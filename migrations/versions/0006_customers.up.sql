-- Customers: a customer is a contact with its lead, and a profile for what neither has.

CREATE TABLE customer_profiles (
    lead_id            uuid PRIMARY KEY REFERENCES lead_records ON DELETE CASCADE,
    email              text CHECK (length(email) BETWEEN 3 AND 254 AND email LIKE '_%@_%'),
    address            text CHECK (length(address) BETWEEN 1 AND 500),
    state              text CHECK (length(state) BETWEEN 1 AND 100),
    zip                text CHECK (length(zip) BETWEEN 1 AND 20),
    services           text[] CHECK (cardinality(services) > 0),
    seasons            integer[] CHECK (cardinality(seasons) > 0),
    last_service_date  date,
    source             text CHECK (length(source) BETWEEN 1 AND 100)
);
COMMENT ON TABLE customer_profiles IS 'What a CRM knows of a person beside the chat. Fields of the lead like all others: audited in lead_changes, held by people, versioned with the lead.';
COMMENT ON COLUMN customer_profiles.seasons IS 'The years for which they signed.';
COMMENT ON COLUMN customer_profiles.source IS 'How they came to us, when not by WhatsApp.';
CREATE INDEX customer_profiles_by_email ON customer_profiles (lower(email));
CREATE INDEX customer_profiles_by_services ON customer_profiles USING gin (services);

CREATE TABLE customer_statuses (
    lead_status      text NOT NULL,
    was_converted    boolean NOT NULL,
    is_cold          boolean NOT NULL,
    customer_status  text NOT NULL CHECK (customer_status IN ('active', 'past', 'lead', 'cold')),
    PRIMARY KEY (lead_status, was_converted, is_cold)
);
COMMENT ON TABLE customer_statuses IS 'The words of the CRM for where a lead stands; the only place that maps one vocabulary onto the other.';
INSERT INTO customer_statuses (lead_status, was_converted, is_cold, customer_status)
SELECT s, w, c, CASE WHEN s = 'converted' THEN 'active' WHEN s = 'archived' AND w THEN 'past'
                     WHEN s = 'archived' OR c THEN 'cold' ELSE 'lead' END
FROM unnest(ARRAY['new', 'qualified', 'contacted', 'converted', 'archived']) AS s,
     unnest(ARRAY[false, true]) AS w, unnest(ARRAY[false, true]) AS c;

CREATE TABLE temperature_words (
    lead_temperature  text PRIMARY KEY,
    lead_level        text NOT NULL CHECK (lead_level IN ('hot', 'warm', 'cold'))
);
COMMENT ON TABLE temperature_words IS 'The three levels of a handoff and a queue for our four temperatures.';
INSERT INTO temperature_words VALUES ('hot', 'hot'), ('warm', 'warm'), ('lukewarm', 'warm'), ('cold', 'cold');

CREATE VIEW customer_list AS
SELECT r.id, r.contact_id, coalesce(r.name, c.name) AS name, p.email, coalesce(r.phone, c.phone) AS phone, p.address,
    r.domisili AS city, p.state, p.zip, coalesce(p.services, '{}') AS services, coalesce(p.seasons, '{}') AS seasons,
    s.customer_status AS status, p.last_service_date,
    (SELECT string_agg(n.text, E'\n' ORDER BY n.written_at, n.id) FROM lead_notes AS n
     WHERE n.lead_id = r.id AND NOT EXISTS (SELECT FROM lead_notes AS k WHERE k.corrects = n.id)) AS notes,
    coalesce(p.source, 'whatsapp') AS source, r.created_at, r.version
FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
    LEFT JOIN customer_profiles AS p ON p.lead_id = r.id
    JOIN customer_statuses AS s ON s.lead_status = r.status AND s.was_converted = (r.converted_at IS NOT NULL)
        AND s.is_cold = coalesce(r.lead_temperature = 'cold', false);
COMMENT ON VIEW customer_list IS 'Leads in the words of a CRM.';
COMMENT ON COLUMN customer_list.city IS 'leads.domisili.';
COMMENT ON COLUMN customer_list.notes IS 'The notes on the lead as they stand now, oldest first, a line each.';

-- A customer is found by e-mail too.
CREATE OR REPLACE FUNCTION index_lead_words(contact uuid) RETURNS void LANGUAGE sql AS $$
    UPDATE lead_search AS s SET words = lower(concat_ws(' ', r.name, c.name, '@' || c.username, r.phone, c.phone, p.email))
    FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id LEFT JOIN customer_profiles AS p ON p.lead_id = r.id
    WHERE c.id = contact AND s.lead_id = r.id
$$;
CREATE FUNCTION customer_email_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM index_lead_words(r.contact_id) FROM lead_records AS r WHERE r.id = NEW.lead_id;
    RETURN NULL;
END $$;
CREATE TRIGGER customer_profiles_email AFTER INSERT OR UPDATE OF email ON customer_profiles FOR EACH ROW
    EXECUTE FUNCTION customer_email_changed();

CREATE TABLE idempotency_keys (
    caller      text NOT NULL,
    key         text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    asked       bytea NOT NULL,
    lead_id     uuid REFERENCES lead_records ON DELETE CASCADE,
    written_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (caller, key)
);
COMMENT ON TABLE idempotency_keys IS 'What a program asked for under an Idempotency-Key (a hash of it), and what came of it: asked again it gets the same. Kept for a day.';
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (written_at);
