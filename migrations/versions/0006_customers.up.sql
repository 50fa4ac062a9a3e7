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
