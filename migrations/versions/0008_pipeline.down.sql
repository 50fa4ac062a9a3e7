DROP FUNCTION matching_leads;
DROP VIEW customer_list, lead_list, leads;
DROP FUNCTION close_odds, priority_tier;
DROP TRIGGER lead_records_convert ON lead_records;
DROP FUNCTION become_client;
ALTER TABLE lead_records DROP COLUMN predicted_close_probability, DROP COLUMN estimated_value,
    DROP COLUMN expected_close_date, DROP COLUMN converted_to_client_id, DROP COLUMN deleted_at;
DROP TABLE clients;

CREATE VIEW leads AS
SELECT r.id, r.contact_id, r.phone, c.phone AS mirrored_phone, coalesce(r.name, c.name) AS name,
    r.business_type, r.domisili, r.business_duration, r.story, r.language,
    r.pain_points, r.interest_motivation, r.priority, r.urgency_level,
    r.lead_score, r.lead_temperature, r.closing_technique_used, r.objection_raised,
    r.chat_phase, r.status, r.signals,
    coalesce(c.last_message_direction = 'inbound', false) AS awaiting_reply,
    r.version, r.created_at, c.last_outbound_at AS last_contact_at,
    greatest(r.changed_at, c.heard_at) AS last_activity_at,
    r.extracted_at, r.status_changed_at, r.converted_at
FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id;
COMMENT ON VIEW leads IS 'One row per lead, and one lead per contact: what was found out about the person. Why a field is so: lead_changes.';
COMMENT ON COLUMN leads.id IS 'Random. Ids of merged leads keep resolving through lead_aliases.';
COMMENT ON COLUMN leads.contact_id IS 'The person in the mirror (contacts).';
COMMENT ON COLUMN leads.phone IS 'A person''s correction of the number, or the number the customer gave; else null.';
COMMENT ON COLUMN leads.mirrored_phone IS 'The number as WhatsApp says it.';
COMMENT ON COLUMN leads.name IS 'What they are called; the name of the WhatsApp profile until anybody knows better.';
COMMENT ON COLUMN leads.business_type IS 'The trade, in the customer''s words (phase 1).';
COMMENT ON COLUMN leads.domisili IS 'Where they are: city or regency by its official name (phase 1).';
COMMENT ON COLUMN leads.business_duration IS 'How long the business runs: 3 years, since 2019, just started (phase 1).';
COMMENT ON COLUMN leads.story IS 'Their story in a few sentences (phase 1).';
COMMENT ON COLUMN leads.language IS 'What they write in: id, en, mixed (phase 1).';
COMMENT ON COLUMN leads.pain_points IS 'What troubles them (phase 2).';
COMMENT ON COLUMN leads.interest_motivation IS 'Why they want it (phase 2).';
COMMENT ON COLUMN leads.priority IS 'What matters most to them in choosing (phase 2).';
COMMENT ON COLUMN leads.urgency_level IS 'high: now, this week; medium: this month; low: no hurry (phase 2).';
COMMENT ON COLUMN leads.lead_score IS '0 to 100, the sum of the points in signals (phase 3).';
COMMENT ON COLUMN leads.lead_temperature IS 'hot, warm, lukewarm or cold, by the score (phase 3).';
COMMENT ON COLUMN leads.closing_technique_used IS 'How we last tried to close (phase 3).';
COMMENT ON COLUMN leads.objection_raised IS 'What they last held against it (phase 3).';
COMMENT ON COLUMN leads.chat_phase IS 'A: nothing known yet, B: who they are, C: what they need, D: closing.';
COMMENT ON COLUMN leads.status IS 'new, qualified, contacted, converted or archived; moved by people, agents and bots, in any direction.';
COMMENT ON COLUMN leads.signals IS 'Name of a signal to its points, the message and the words that show it.';
COMMENT ON COLUMN leads.awaiting_reply IS 'Whether the last word is theirs. Live, from the mirror.';
COMMENT ON COLUMN leads.version IS 'Goes up with every change; writes carry the version that they read.';
COMMENT ON COLUMN leads.created_at IS 'When the lead was made, with its contact.';
COMMENT ON COLUMN leads.last_contact_at IS 'Our last message to them. Live, from the mirror.';
COMMENT ON COLUMN leads.last_activity_at IS 'The last change of any kind: a message, a status of one, an edit.';
COMMENT ON COLUMN leads.extracted_at IS 'When extraction last read this chat.';
COMMENT ON COLUMN leads.status_changed_at IS 'When the status last moved.';
COMMENT ON COLUMN leads.converted_at IS 'When they became a customer; null again once moved back.';

CREATE VIEW lead_list AS
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
    (SELECT count(*) FROM lead_suggestions AS s WHERE s.lead_id = r.id AND s.state = 'open') AS suggestions
FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id;
COMMENT ON VIEW lead_list IS 'All that a list of leads shows, the mirror''s side of it live: who, the last message, what is known, why the score is what it is.';
COMMENT ON COLUMN lead_list.phone IS 'The corrected number, else the mirrored one; null for people known only by @username or id.';
COMMENT ON COLUMN lead_list.reply_window_ends_at IS 'Until then WhatsApp lets us answer freely; afterwards only with a template.';
COMMENT ON COLUMN lead_list.score_because IS 'The signals that make the score, with their points.';
COMMENT ON COLUMN lead_list.recency IS 'What the list is ordered by: last_message_at, and those who never wrote last.';
COMMENT ON COLUMN lead_list.suggestions IS 'Open suggestions beside this lead''s fields.';

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
