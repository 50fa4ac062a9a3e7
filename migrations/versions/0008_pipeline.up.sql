-- Where a lead is going: what it may be worth, how it is ranked, whose client it became; and leads put out of sight.

CREATE TABLE clients (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name        text CHECK (length(name) BETWEEN 1 AND 200),
    created_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE clients IS 'Who buys: a person or a firm. Each lead that was converted names its client; several people of one firm may name the same.';

ALTER TABLE lead_records
    ADD COLUMN predicted_close_probability real CHECK (predicted_close_probability BETWEEN 0 AND 1),
    ADD COLUMN estimated_value bigint CHECK (estimated_value >= 0),
    ADD COLUMN expected_close_date date,
    ADD COLUMN converted_to_client_id uuid REFERENCES clients,
    ADD COLUMN deleted_at timestamptz;
COMMENT ON COLUMN lead_records.deleted_at IS 'Put out of sight: no view, list or pass sees it until it is brought back. The mirror keeps what Kapso says.';

-- In the database, so that a converted lead without a client can't be, whichever release converts it.
CREATE FUNCTION become_client() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO clients (name)
    SELECT left(coalesce(NEW.name, c.name), 200) FROM contacts AS c WHERE c.id = NEW.contact_id
    RETURNING id INTO NEW.converted_to_client_id;
    RETURN NEW;
END $$;
CREATE TRIGGER lead_records_convert BEFORE INSERT OR UPDATE ON lead_records FOR EACH ROW
    WHEN (NEW.status = 'converted' AND NEW.converted_to_client_id IS NULL) EXECUTE FUNCTION become_client();
UPDATE lead_records SET status = status WHERE status = 'converted';
ALTER TABLE lead_records ADD CONSTRAINT lead_records_have_clients
    CHECK (status <> 'converted' OR converted_to_client_id IS NOT NULL);
CREATE INDEX lead_records_by_client ON lead_records (converted_to_client_id) WHERE converted_to_client_id IS NOT NULL;
CREATE INDEX lead_records_by_priority ON lead_records ((coalesce(lead_score, -1)) DESC, contact_id DESC)
    WHERE status IN ('new', 'qualified', 'contacted') AND deleted_at IS NULL;

CREATE FUNCTION priority_tier(lead_status text, temperature text, last_heard timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN lead_status = 'archived' OR last_heard < now() - interval '30 days' THEN 'dormant'
        ELSE coalesce((SELECT w.lead_level FROM temperature_words AS w WHERE w.lead_temperature = temperature), 'cold') END
$$;
COMMENT ON FUNCTION priority_tier IS 'hot, warm or cold by the temperature; dormant once archived, or silent for 30 days.';
CREATE FUNCTION close_odds(lead_status text, phase text, score integer) RETURNS real LANGUAGE sql IMMUTABLE AS $$
    SELECT (CASE lead_status WHEN 'converted' THEN 1 WHEN 'archived' THEN 0 ELSE
        round(score / 100.0 * CASE phase WHEN 'D' THEN 0.9 WHEN 'C' THEN 0.6 WHEN 'B' THEN 0.4 ELSE 0.2 END, 2) END)::real
$$;
COMMENT ON FUNCTION close_odds IS 'How likely a lead is to buy, by rule: its score, the less the earlier the talk. Null without a score.';

CREATE OR REPLACE VIEW leads AS
SELECT r.id, r.contact_id, r.phone, c.phone AS mirrored_phone, coalesce(r.name, c.name) AS name,
    r.business_type, r.domisili, r.business_duration, r.story, r.language,
    r.pain_points, r.interest_motivation, r.priority, r.urgency_level,
    r.lead_score, r.lead_temperature, r.closing_technique_used, r.objection_raised,
    r.chat_phase, r.status, r.signals,
    coalesce(c.last_message_direction = 'inbound', false) AS awaiting_reply,
    r.version, r.created_at, c.last_outbound_at AS last_contact_at,
    greatest(r.changed_at, c.heard_at) AS last_activity_at,
    r.extracted_at, r.status_changed_at, r.converted_at,
    (r.lead_score / 100.0)::real AS overall_score,
    priority_tier(r.status, r.lead_temperature, coalesce(c.last_message_at, r.created_at)) AS priority_tier,
    coalesce(r.predicted_close_probability, close_odds(r.status, r.chat_phase, r.lead_score)) AS predicted_close_probability,
    r.estimated_value, r.expected_close_date, r.extracted_at AS last_scored_at, r.converted_to_client_id,
    p.email, p.address, p.state, p.zip, p.services, p.seasons, p.last_service_date, p.source
FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id LEFT JOIN customer_profiles AS p ON p.lead_id = r.id
WHERE r.deleted_at IS NULL;
COMMENT ON COLUMN leads.overall_score IS 'lead_score from 0 to 1.';
COMMENT ON COLUMN leads.priority_tier IS 'hot, warm, cold or dormant (archived, or silent for 30 days).';
COMMENT ON COLUMN leads.predicted_close_probability IS '0 to 1: what a person, agent or model says, else the rule (close_odds).';
COMMENT ON COLUMN leads.estimated_value IS 'What they may spend, in whole units of the currency you sell in.';
COMMENT ON COLUMN leads.expected_close_date IS 'The day by which they should have decided.';
COMMENT ON COLUMN leads.last_scored_at IS 'When the score was last computed: with every reading of the chat.';
COMMENT ON COLUMN leads.converted_to_client_id IS 'The client they became (clients); stays when they are moved back.';
COMMENT ON COLUMN leads.email IS 'Of the profile (customer_profiles), as are those that follow.';
COMMENT ON COLUMN leads.address IS 'Street and number.';
COMMENT ON COLUMN leads.state IS 'Province or state.';
COMMENT ON COLUMN leads.zip IS 'Postal code.';
COMMENT ON COLUMN leads.services IS 'What they have bought or asked for, as a CRM names it.';
COMMENT ON COLUMN leads.seasons IS 'The years for which they signed.';
COMMENT ON COLUMN leads.last_service_date IS 'When they were last served.';
COMMENT ON COLUMN leads.source IS 'How they came to us, when not by WhatsApp.';

CREATE OR REPLACE VIEW lead_list AS
SELECT r.id, c.id AS contact_id, coalesce(r.name, c.name) AS name, coalesce(r.phone, c.phone) AS phone, c.username,
    c.business_scoped_user_id,
    r.status, r.lead_temperature, r.lead_score, r.chat_phase, r.domisili, r.business_type, r.urgency_level,
    r.pain_points, r.objection_raised, r.language,
    c.last_message_at, c.last_message_text, c.last_message_type, c.last_message_direction, c.last_message_id,
    coalesce(c.last_message_direction = 'inbound', false) AS awaiting_reply,
    c.last_inbound_at, c.last_inbound_at + interval '24 hours' AS reply_window_ends_at,
    c.last_outbound_at AS last_contact_at, greatest(r.changed_at, c.heard_at) AS last_activity_at,
    c.marketing_preference, r.version, r.created_at, r.extracted_at, r.status_changed_at, r.converted_at,
    coalesce(c.last_message_at, '-infinity') AS recency,
    r.signals,
    (SELECT string_agg(format('%s %s', s.name, to_char((s.signal ->> 'points')::integer, 'FMSG999')), ', '
                       ORDER BY (s.signal ->> 'points')::integer DESC, s.name)
     FROM jsonb_each(r.signals) AS s (name, signal)) AS score_because,
    (SELECT count(*) FROM lead_suggestions AS s WHERE s.lead_id = r.id AND s.state = 'open') AS suggestions,
    (r.lead_score / 100.0)::real AS overall_score,
    priority_tier(r.status, r.lead_temperature, coalesce(c.last_message_at, r.created_at)) AS priority_tier,
    coalesce(r.predicted_close_probability, close_odds(r.status, r.chat_phase, r.lead_score)) AS predicted_close_probability,
    r.estimated_value, r.expected_close_date, coalesce(r.lead_score, -1) AS priority_rank
FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
WHERE r.deleted_at IS NULL;
COMMENT ON COLUMN lead_list.priority_rank IS 'What the list by priority is ordered by: lead_score, and those without one last.';

CREATE OR REPLACE VIEW customer_list AS
SELECT r.id, r.contact_id, coalesce(r.name, c.name) AS name, p.email, coalesce(r.phone, c.phone) AS phone, p.address,
    r.domisili AS city, p.state, p.zip, coalesce(p.services, '{}') AS services, coalesce(p.seasons, '{}') AS seasons,
    s.customer_status AS status, p.last_service_date,
    (SELECT string_agg(n.text, E'\n' ORDER BY n.written_at, n.id) FROM lead_notes AS n
     WHERE n.lead_id = r.id AND NOT EXISTS (SELECT FROM lead_notes AS k WHERE k.corrects = n.id)) AS notes,
    coalesce(p.source, 'whatsapp') AS source, r.created_at, r.version
FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
    LEFT JOIN customer_profiles AS p ON p.lead_id = r.id
    JOIN customer_statuses AS s ON s.lead_status = r.status AND s.was_converted = (r.converted_at IS NOT NULL)
        AND s.is_cold = coalesce(r.lead_temperature = 'cold', false)
WHERE r.deleted_at IS NULL;
