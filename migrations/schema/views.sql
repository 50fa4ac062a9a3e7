-- Views as they are today, and the functions that return their rows.

CREATE VIEW mirror_freshness AS
SELECT (SELECT CASE WHEN oldest.at IS NULL THEN min(d.complete_to) ELSE least(min(d.complete_to), oldest.at) END
        FROM drains AS d) AS complete_to,
       (SELECT min(complete_to) FROM cursors WHERE name LIKE 'messages:%') AS verified_to,
       oldest.at AS oldest_spilled_at,
       (SELECT max(seen_at) FROM drains) AS drain_seen_at,
       (SELECT count(*) FROM alarms) AS alarms
FROM (SELECT min(received_at) AS at FROM spill) AS oldest;
COMMENT ON VIEW mirror_freshness IS 'How far the mirror can be trusted: complete_to by push, verified_to by poll; null where nothing has run yet.';
COMMENT ON COLUMN mirror_freshness.complete_to IS 'Everything that Kapso pushed before this time is in the mirror.';
COMMENT ON COLUMN mirror_freshness.verified_to IS 'All messages up to this time were compared with Kapso by poll and are in the mirror, whether Kapso pushed them or not.';
COMMENT ON COLUMN mirror_freshness.oldest_spilled_at IS 'The oldest delivery that waits while Redis is away; null where none does.';
COMMENT ON COLUMN mirror_freshness.drain_seen_at IS 'When the drain last reported.';
COMMENT ON COLUMN mirror_freshness.alarms IS 'How many alarms stand.';


-- Every lead has a contact, and every combination of states a customer_status: LEFT JOIN returns the same rows as JOIN,
-- and the planner drops the joins that a query does not use. The newest customers and their count then come from one
-- index.
CREATE VIEW customer_list AS
SELECT r.id, r.contact_id, coalesce(r.name, c.name) AS name, p.email, coalesce(r.phone, c.phone) AS phone, p.address,
    r.domisili AS city, p.state, p.zip, coalesce(p.services, '{}') AS services, coalesce(p.seasons, '{}') AS seasons,
    s.customer_status AS status, p.last_service_date,
    (SELECT string_agg(n.text, E'\n' ORDER BY n.written_at, n.id) FROM lead_notes AS n
     WHERE n.lead_id = r.id AND NOT EXISTS (SELECT FROM lead_notes AS k WHERE k.corrects = n.id)) AS notes,
    coalesce(p.source, 'whatsapp') AS source, r.created_at, r.version
FROM lead_records AS r LEFT JOIN contacts AS c ON c.id = r.contact_id
    LEFT JOIN customer_profiles AS p ON p.lead_id = r.id
    LEFT JOIN customer_statuses AS s ON s.lead_status = r.status AND s.was_converted = (r.converted_at IS NOT NULL)
        AND s.is_cold = coalesce(r.lead_temperature = 'cold', false)
WHERE r.deleted_at IS NULL;
COMMENT ON VIEW customer_list IS 'Leads in the words of a CRM.';
COMMENT ON COLUMN customer_list.city IS 'leads.domisili.';
COMMENT ON COLUMN customer_list.notes IS 'The notes on the lead as they stand now, oldest first, a line each.';
COMMENT ON COLUMN customer_list.id IS 'The id of their lead (leads.id).';
COMMENT ON COLUMN customer_list.contact_id IS 'contacts.id.';
COMMENT ON COLUMN customer_list.name IS 'What they are called.';
COMMENT ON COLUMN customer_list.email IS 'The e-mail address of their profile.';
COMMENT ON COLUMN customer_list.phone IS 'The number that counts: a corrected one, else that of WhatsApp.';
COMMENT ON COLUMN customer_list.address IS 'Street and number.';
COMMENT ON COLUMN customer_list.state IS 'Province or state.';
COMMENT ON COLUMN customer_list.zip IS 'Postal code.';
COMMENT ON COLUMN customer_list.services IS 'What they have bought or asked for.';
COMMENT ON COLUMN customer_list.seasons IS 'The years for which they signed.';
COMMENT ON COLUMN customer_list.status IS 'active, past, lead or cold.';
COMMENT ON COLUMN customer_list.last_service_date IS 'When they were last served.';
COMMENT ON COLUMN customer_list.source IS 'How they came: whatsapp, or what an import or a program says.';
COMMENT ON COLUMN customer_list.created_at IS 'When they came.';
COMMENT ON COLUMN customer_list.version IS 'Goes up with every change.';


CREATE VIEW marketing_preferences AS
SELECT DISTINCT ON (s.contact_id, p.phone_number_id) s.contact_id, p.phone_number_id, p.preference, p.said_at
FROM preference_sightings AS p JOIN sightings AS s ON s.handle = p.handle AND s.bsuid = p.bsuid
WHERE s.contact_id IS NOT NULL AND NOT (s.contested AND s.bsuid = '')
ORDER BY s.contact_id, p.phone_number_id, p.sequence DESC, p.said_at DESC, p.preference DESC;
COMMENT ON VIEW marketing_preferences IS 'Whether a contact takes marketing messages, one row per business number that said so. contacts.marketing_preference is stopped if any of them is.';
COMMENT ON COLUMN marketing_preferences.preference IS 'stopped or resumed.';
COMMENT ON COLUMN marketing_preferences.said_at IS 'When the person said so.';
COMMENT ON COLUMN marketing_preferences.contact_id IS 'contacts.id.';
COMMENT ON COLUMN marketing_preferences.phone_number_id IS 'Our number that it is about; '''' where the event named none.';


CREATE VIEW conversation_insights AS
SELECT v.id AS conversation_id, r.id AS lead_id,
    coalesce((SELECT is_question(m.direction, m.type) FROM messages AS m
              WHERE m.conversation_id = v.id AND (is_question(m.direction, m.type) OR is_answer(m.direction, m.type, m.status))
              ORDER BY m.sent_at DESC NULLS LAST, coalesce(m.first_received_at, '-infinity') DESC, m.id DESC LIMIT 1), false) AS awaiting_reply,
    s.sentiment, s.message_id AS sentiment_message_id, s.read_at AS sentiment_at,
    (SELECT jsonb_agg(jsonb_build_object('sentiment', h.sentiment, 'message_id', h.message_id, 'at', h.read_at)
                      ORDER BY h.read_at)
     FROM conversation_sentiments AS h WHERE h.conversation_id = v.id) AS sentiment_history
FROM conversations AS v JOIN lead_records AS r ON r.contact_id = v.contact_id
    LEFT JOIN LATERAL (SELECT h.sentiment, h.message_id, h.read_at FROM conversation_sentiments AS h
                       WHERE h.conversation_id = v.id ORDER BY h.read_at DESC LIMIT 1) AS s ON true
WHERE r.deleted_at IS NULL;
COMMENT ON VIEW conversation_insights IS 'What was found out about each conversation, beside what Kapso says of it (conversations).';
COMMENT ON COLUMN conversation_insights.sentiment IS 'positive, neutral, negative or urgent; null until the chat was read.';
COMMENT ON COLUMN conversation_insights.sentiment_history IS 'Each change of it, oldest first, with the message that shows it.';
COMMENT ON COLUMN conversation_insights.conversation_id IS 'conversations.id.';
COMMENT ON COLUMN conversation_insights.lead_id IS 'leads.id.';
COMMENT ON COLUMN conversation_insights.awaiting_reply IS 'Whether the customer wrote in it after our last answer (is_answer).';
COMMENT ON COLUMN conversation_insights.sentiment_message_id IS 'The message that shows the sentiment.';
COMMENT ON COLUMN conversation_insights.sentiment_at IS 'When it was read.';


CREATE VIEW leads AS
SELECT r.id, r.contact_id, coalesce(r.phone, c.phone) AS phone, r.phone AS corrected_phone, c.phone AS mirrored_phone,
    coalesce(r.name, c.name) AS name, r.business_type, r.domisili, r.business_duration, r.story, r.language, r.pain_points,
    r.interest_motivation, r.priority, r.urgency_level, r.lead_score, r.lead_temperature, r.closing_technique_used,
    r.objection_raised, r.chat_phase, r.status, signal_list(r.signals) AS signals,
    c.waiting_since IS NOT NULL AS awaiting_reply, r.version, r.created_at,
    c.last_message_at, last_contact(c.id) AS last_contact_at, greatest(r.changed_at, c.heard_at) AS last_activity_at,
    r.extracted_at, r.status_changed_at, r.converted_at,
    (r.lead_score / 100.0)::numeric(3,2) AS overall_score,
    priority_tier(r.status, r.lead_temperature, coalesce(c.last_message_at, r.created_at)) AS priority_tier,
    coalesce(r.predicted_close_probability, close_odds(r.status, r.chat_phase, r.lead_score))::numeric(3,2)
        AS predicted_close_probability,
    r.estimated_value, r.expected_close_date, r.extracted_at AS last_scored_at, r.converted_to_client_id,
    p.email, p.address, p.state, p.zip, p.services, p.seasons, p.last_service_date, p.source, r.deleted_at, c.waiting_since,
    r.owner, r.tags, standing_snooze(r.snoozed_until, r.snoozed_after, c.questions) AS snoozed_until,
    (r.snoozed_until IS NOT NULL AND r.snoozed_until > now() AND r.snoozed_after = c.questions) AS snoozed, c.questions
FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id LEFT JOIN customer_profiles AS p ON p.lead_id = r.id
WHERE r.deleted_at IS NULL;
COMMENT ON VIEW leads IS 'One row per lead, and one lead per contact: what was found out about the person. Why a field is so: lead_changes.';
COMMENT ON COLUMN leads.id IS 'Random. Ids of merged leads keep resolving through lead_aliases.';
COMMENT ON COLUMN leads.contact_id IS 'The person in the mirror (contacts).';
COMMENT ON COLUMN leads.phone IS 'The number that counts: the corrected one, else that of WhatsApp. Null for people known only by @username or id.';
COMMENT ON COLUMN leads.corrected_phone IS 'A person''s correction of the number; else null.';
COMMENT ON COLUMN leads.mirrored_phone IS 'The number as WhatsApp says it.';
COMMENT ON COLUMN leads.name IS 'What they are called; the name of the WhatsApp profile until anybody knows better.';
COMMENT ON COLUMN leads.business_type IS 'The trade, in the customer''s words.';
COMMENT ON COLUMN leads.domisili IS 'Where they are: city or regency by its official name.';
COMMENT ON COLUMN leads.business_duration IS 'How long the business runs: 3 years, since 2019, just started.';
COMMENT ON COLUMN leads.story IS 'Their story in a few sentences.';
COMMENT ON COLUMN leads.language IS 'What they write in: id, en, mixed.';
COMMENT ON COLUMN leads.pain_points IS 'What troubles them.';
COMMENT ON COLUMN leads.interest_motivation IS 'Why they want it.';
COMMENT ON COLUMN leads.priority IS 'What matters most to them in choosing.';
COMMENT ON COLUMN leads.urgency_level IS 'high: now, this week; medium: this month; low: no hurry.';
COMMENT ON COLUMN leads.lead_score IS '0 to 100: what the bot states, else the sum of the points in signals.';
COMMENT ON COLUMN leads.lead_temperature IS 'hot, warm, lukewarm or cold, by the score.';
COMMENT ON COLUMN leads.closing_technique_used IS 'How we last tried to close.';
COMMENT ON COLUMN leads.objection_raised IS 'What they last held against it.';
COMMENT ON COLUMN leads.chat_phase IS 'A: nothing known yet, B: who they are, C: what they need, D: closing.';
COMMENT ON COLUMN leads.status IS 'new, qualified, contacted, converted or archived. People and agents can set any status. The bot can set any, and AI can move it forward up to contacted, but only if no person or agent set the current one; otherwise the change becomes a suggestion.';
COMMENT ON COLUMN leads.signals IS 'What makes the score: a list of {type, weight (points / 100, negative against), points, timestamp, message_id, quote, and count or value where one is known}, most points first.';
COMMENT ON COLUMN leads.awaiting_reply IS 'Whether they wait for us (waiting_since). Live, from the mirror.';
COMMENT ON COLUMN leads.waiting_since IS 'Since when they wait for us: their first message after our last answer (is_answer). Null while they do not wait.';
COMMENT ON COLUMN leads.version IS 'Goes up with every change; writes carry the version that they read.';
COMMENT ON COLUMN leads.created_at IS 'When the lead was made, with its contact; or when an import says that they came.';
COMMENT ON COLUMN leads.last_message_at IS 'The newest message that the list shows: without reactions, but with sends that failed. Compare last_contact_at.';
COMMENT ON COLUMN leads.last_contact_at IS 'When we and they last wrote to each other: the newest message sent or received, without reactions and failed sends. Compare last_message_at.';
COMMENT ON COLUMN leads.last_activity_at IS 'The last change of any kind: a message, a status of one, an edit.';
COMMENT ON COLUMN leads.extracted_at IS 'When extraction last read this chat.';
COMMENT ON COLUMN leads.status_changed_at IS 'When the status last moved.';
COMMENT ON COLUMN leads.converted_at IS 'When they became a customer; null again once moved back.';
COMMENT ON COLUMN leads.overall_score IS 'lead_score from 0 to 1.';
COMMENT ON COLUMN leads.priority_tier IS 'hot, warm, cold or dormant (archived, or silent for 30 days).';
COMMENT ON COLUMN leads.predicted_close_probability IS '0 to 1: what a person, agent or model says, else the rule (close_odds).';
COMMENT ON COLUMN leads.estimated_value IS 'What they may spend, in the currency you sell in.';
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
COMMENT ON COLUMN leads.owner IS 'The user who looks after them; null: nobody yet.';
COMMENT ON COLUMN leads.tags IS 'Words that people sort their leads by.';
COMMENT ON COLUMN leads.snoozed_until IS 'Until then the inbox leaves them out; the year 9999: until they write. Null once they wrote again. A time that is over is a reminder that is due.';
COMMENT ON COLUMN leads.snoozed IS 'Whether the inbox leaves them out now: until snoozed_until, or until they write.';
COMMENT ON COLUMN leads.questions IS 'Rises with each inbound message except reactions, and by 1 when newer messages or another lead are merged in (contacts.questions). A snooze ends when it changes. It is not the number of stored messages.';
COMMENT ON COLUMN leads.deleted_at IS 'Null in every row: who was deleted is in no list until they are restored.';


-- snoozed is never null, and so written that a list of those who are snoozed finds them by an index.
CREATE VIEW lead_list AS
SELECT r.id, c.id AS contact_id, coalesce(r.name, c.name) AS name, coalesce(r.phone, c.phone) AS phone,
    r.phone AS corrected_phone, c.phone AS mirrored_phone, c.username,
    c.business_scoped_user_id,
    r.status, r.lead_temperature, r.lead_score, r.chat_phase, r.domisili, r.business_type, r.urgency_level,
    r.pain_points, r.objection_raised, r.language,
    c.last_message_at, c.last_message_text, c.last_message_type, c.last_message_direction, c.last_message_id,
    c.waiting_since IS NOT NULL AS awaiting_reply,
    c.last_inbound_at, c.last_inbound_at + interval '24 hours' AS reply_window_ends_at,
    last_contact(c.id) AS last_contact_at, greatest(r.changed_at, c.heard_at) AS last_activity_at,
    c.marketing_preference, r.version, r.created_at, r.extracted_at, r.status_changed_at, r.converted_at,
    coalesce(c.last_message_at, '-infinity') AS recency,
    signal_list(r.signals) AS signals,
    (SELECT string_agg(format('%s %s', s.name, to_char((s.signal ->> 'points')::integer, 'FMSG999')), ', '
                       ORDER BY (s.signal ->> 'points')::integer DESC, s.name)
     FROM jsonb_each(r.signals) AS s (name, signal)) AS score_because,
    (SELECT count(*) FROM lead_suggestions AS s WHERE s.lead_id = r.id AND s.state = 'open') AS field_suggestions,
    (r.lead_score / 100.0)::numeric(3,2) AS overall_score,
    priority_tier(r.status, r.lead_temperature, coalesce(c.last_message_at, r.created_at)) AS priority_tier,
    coalesce(r.predicted_close_probability, close_odds(r.status, r.chat_phase, r.lead_score))::numeric(3,2)
        AS predicted_close_probability,
    r.estimated_value, r.expected_close_date, coalesce(r.lead_score, -1) AS priority_rank,
    came_from(c.id) AS came_from,
    coalesce(c.last_message_received_at, '-infinity') AS received_rank,
    (SELECT count(*) FROM lead_suggestions AS s WHERE s.lead_id = r.id AND s.state = 'open') AS suggestions,
    c.waiting_since, coalesce(c.waiting_since, '9999-12-31 00:00+00') AS waiting_rank,
    r.owner, r.tags, standing_snooze(r.snoozed_until, r.snoozed_after, c.questions) AS snoozed_until,
    (SELECT m.status FROM messages AS m WHERE m.id = c.last_message_id) AS last_message_status,
    (SELECT m.transcript FROM messages AS m WHERE m.id = c.last_message_id) AS last_message_transcript,
    (r.snoozed_until IS NOT NULL AND r.snoozed_until > now() AND r.snoozed_after = c.questions) AS snoozed
FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
WHERE r.deleted_at IS NULL;
COMMENT ON VIEW lead_list IS 'All that a list of leads shows, the mirror''s side of it live: who, the last message, what is known, why the score is what it is. What is not said here is said at leads.';
COMMENT ON COLUMN lead_list.phone IS 'The corrected number, else the mirrored one; null for people known only by @username or id.';
COMMENT ON COLUMN lead_list.last_contact_at IS 'The newest message sent or received, without reactions and failed sends. Compare last_message_at.';
COMMENT ON COLUMN lead_list.last_message_at IS 'The newest message that the list shows: without reactions, but with sends that failed.';
COMMENT ON COLUMN lead_list.reply_window_ends_at IS 'Until then WhatsApp lets us answer freely; afterwards only with a template.';
COMMENT ON COLUMN lead_list.recency IS 'First sort key (second: received_rank): last_message_at, else -infinity.';
COMMENT ON COLUMN lead_list.received_rank IS 'Among those whose last message is of the same second: when it was received.';
COMMENT ON COLUMN lead_list.waiting_rank IS 'Sort key of the list by waiting time: waiting_since; leads that do not wait come last.';
COMMENT ON COLUMN lead_list.last_message_status IS 'How far our last message came: sent, delivered, read, failed (messages.status).';
COMMENT ON COLUMN lead_list.last_message_transcript IS 'What was said in the voice note that is their last message.';
COMMENT ON COLUMN lead_list.score_because IS 'The signals that make the score, with their points.';
COMMENT ON COLUMN lead_list.field_suggestions IS 'How many values AI would put into fields that a person holds (lead_suggestions).';
COMMENT ON COLUMN lead_list.suggestions IS 'field_suggestions, by the name that the release before knows.';
COMMENT ON COLUMN lead_list.priority_rank IS 'What the list by priority is ordered by: lead_score, and those without one last.';
COMMENT ON COLUMN lead_list.came_from IS 'The advertisement, post or product that their first such message names.';


CREATE FUNCTION lead_fields_contain(lead uuid, fields jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (SELECT FROM jsonb_each_text(fields) AS f
                       WHERE coalesce(strpos(lower(known.held ->> f.key), f.value), 0) = 0)
    FROM (SELECT to_jsonb(r) || coalesce(to_jsonb(p), '{}') AS held
          FROM lead_records AS r LEFT JOIN customer_profiles AS p ON p.lead_id = r.id WHERE r.id = lead) AS known
$$;
COMMENT ON FUNCTION lead_fields_contain IS 'Whether each of these lead fields contains its text; fields maps field names to texts in lower case.';


CREATE FUNCTION matching_leads(
    wanted_status text[], wanted_temperature text[], wanted_phase text[], city text, waiting boolean,
    least_score integer, most_score integer, since timestamptz, part text, parts text[], among uuid[],
    reader uuid, reader_since timestamptz, fields jsonb DEFAULT NULL, trade text DEFAULT NULL,
    wanted_owner text[] DEFAULT NULL, wanted_tag text[] DEFAULT NULL, wanted_snoozed boolean DEFAULT NULL,
    created_since timestamptz DEFAULT NULL, origin text DEFAULT NULL, also_tag text[] DEFAULT NULL
) RETURNS SETOF lead_list LANGUAGE sql STABLE AS $$
    SELECT l.* FROM lead_list AS l LEFT JOIN lead_search AS w ON w.lead_id = l.id
    WHERE (wanted_status IS NULL OR l.status = ANY (wanted_status))
      AND (wanted_temperature IS NULL OR l.lead_temperature = ANY (wanted_temperature))
      AND (wanted_phase IS NULL OR l.chat_phase = ANY (wanted_phase))
      AND (city IS NULL OR lower(l.domisili) = city)
      AND (trade IS NULL OR lower(l.business_type) = trade)
      AND (wanted_owner IS NULL OR l.owner = ANY (wanted_owner) OR ('-' = ANY (wanted_owner) AND l.owner IS NULL))
      AND (wanted_tag IS NULL OR l.tags && wanted_tag)
      AND (also_tag IS NULL OR l.tags && also_tag)
      AND (wanted_snoozed IS NULL OR l.snoozed = wanted_snoozed)
      AND (created_since IS NULL OR l.created_at >= created_since)
      AND (origin IS NULL OR (l.came_from = origin AND l.contact_id IN (
              SELECT m.contact_id FROM messages AS m WHERE m.referral IS NOT NULL OR m.referred_product IS NOT NULL)))
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
      AND (fields IS NULL OR lead_fields_contain(l.id, fields))
$$;
COMMENT ON FUNCTION matching_leads IS 'What every list, count and export of leads acts on; null leaves a filter out. part: the longest of parts, patterns that all stand in its names and numbers; reader: only what that user has not read; fields: names of lead fields to words that stand in them; wanted_owner: names of users, - for leads without an owner; origin: as came_from names it; also_tag: a second list of which a lead has a tag, as it has of wanted_tag.';


CREATE VIEW customers AS
SELECT l.id, l.name, l.email AS primary_email, l.phone AS primary_phone,
    (SELECT min(s.first_at) FROM sightings AS s WHERE s.contact_id = l.contact_id) AS first_contact_at,
    l.last_contact_at, l.created_at,
    (SELECT jsonb_agg(jsonb_build_object('sentiment', h.sentiment, 'message_id', h.message_id, 'at', h.read_at)
                      ORDER BY h.read_at)
     FROM conversation_sentiments AS h JOIN conversations AS v ON v.id = h.conversation_id
     WHERE v.contact_id = l.contact_id) AS sentiment_history
FROM leads AS l;
COMMENT ON VIEW customers IS 'Everybody who ever wrote or was entered, one row each, under the id of their lead.';
COMMENT ON COLUMN customers.id IS 'The id of their lead.';
COMMENT ON COLUMN customers.name IS 'What they are called.';
COMMENT ON COLUMN customers.primary_email IS 'The e-mail address of their profile.';
COMMENT ON COLUMN customers.primary_phone IS 'The number that counts: a corrected one, else that of WhatsApp.';
COMMENT ON COLUMN customers.first_contact_at IS 'When they were first seen.';
COMMENT ON COLUMN customers.last_contact_at IS 'The newest message sent or received, without reactions and failed sends.';
COMMENT ON COLUMN customers.created_at IS 'When their row was made, or when an import says that they came.';
COMMENT ON COLUMN customers.sentiment_history IS 'How they felt, oldest first: a list of {sentiment, message_id, at}; null where nothing was read out of their chats.';


CREATE VIEW customer_identifiers AS
SELECT md5(l.id || ' ' || i.kind || ' ' || i.value)::uuid AS id, l.id AS customer_id,
    CASE i.kind WHEN 'email' THEN 'email' WHEN 'phone' THEN 'phone' ELSE 'whatsapp' END AS identifier_type,
    i.value AS identifier_value, i.kind
FROM leads AS l JOIN contact_identities AS i ON i.contact_id = l.contact_id
UNION
SELECT md5(l.id || ' email ' || l.email)::uuid, l.id, 'email', l.email, 'email' FROM leads AS l WHERE l.email IS NOT NULL
UNION
SELECT md5(l.id || ' phone ' || l.corrected_phone)::uuid, l.id, 'phone', l.corrected_phone, 'phone'
FROM leads AS l WHERE l.corrected_phone IS NOT NULL;
COMMENT ON VIEW customer_identifiers IS 'Every name under which a customer is found.';
COMMENT ON COLUMN customer_identifiers.id IS 'The same for the same name of the same customer.';
COMMENT ON COLUMN customer_identifiers.customer_id IS 'customers.id.';
COMMENT ON COLUMN customer_identifiers.identifier_type IS 'email, phone or whatsapp.';
COMMENT ON COLUMN customer_identifiers.identifier_value IS 'Numbers as E.164 with +, except wa_id, which has bare digits.';
COMMENT ON COLUMN customer_identifiers.kind IS 'Which name it is: email, phone, wa_id, bsuid, parent_bsuid, kapso.';


CREATE VIEW processed_messages AS
SELECT m.id AS channel_message_id, 'whatsapp'::text AS channel, r.id AS customer_id, m.conversation_id, m.direction,
    coalesce(m.first_received_at, m.sent_at) AS processed_at
FROM messages AS m LEFT JOIN lead_records AS r ON r.contact_id = m.contact_id AND r.deleted_at IS NULL;
COMMENT ON VIEW processed_messages IS 'Each message once, however often Kapso delivered it: channel_message_id is unique (the key of messages).';
COMMENT ON COLUMN processed_messages.channel_message_id IS 'The wamid.';
COMMENT ON COLUMN processed_messages.channel IS 'whatsapp.';
COMMENT ON COLUMN processed_messages.customer_id IS 'customers.id; null for one who was deleted.';
COMMENT ON COLUMN processed_messages.conversation_id IS 'The conversation that it belongs to (conversations).';
COMMENT ON COLUMN processed_messages.direction IS 'inbound or outbound.';
COMMENT ON COLUMN processed_messages.processed_at IS 'When we received and processed it; for messages of releases that did not note it, when it was sent.';


CREATE VIEW suggestions AS
SELECT s.id, CASE WHEN r.deleted_at IS NULL THEN s.lead_id END AS lead_id, s.type, s.status, s.suggested_content,
    s.confidence, s.reasoning, s.tokens, s.made_at AS created_at, s.decided_at, s.decided_by, r.deleted_at
FROM next_steps AS s JOIN lead_records AS r ON r.id = s.lead_id;
COMMENT ON VIEW suggestions IS 'Next steps for a lead, as somebody suggests them. APPROVED and MODIFIED ones are for people and programs to carry out. What AI would change in a field: lead_suggestions.';
COMMENT ON COLUMN suggestions.id IS 'Rises with time.';
COMMENT ON COLUMN suggestions.lead_id IS 'The lead; null once it was deleted.';
COMMENT ON COLUMN suggestions.type IS 'TASK, PR, REPLY, FOLLOW_UP, SEND_EMAIL, SCHEDULE_CALL or SEND_PROPOSAL.';
COMMENT ON COLUMN suggestions.status IS 'DRAFT, PENDING, APPROVED, REJECTED, MODIFIED (approved with other words) or FAILED (could not be carried out).';
COMMENT ON COLUMN suggestions.suggested_content IS 'What the type takes, as suggested; never changed.';
COMMENT ON COLUMN suggestions.confidence IS 'Confidence of the suggestion, from 0 to 1.';
COMMENT ON COLUMN suggestions.reasoning IS 'Why.';
COMMENT ON COLUMN suggestions.tokens IS 'What a model cost to word it.';
COMMENT ON COLUMN suggestions.created_at IS 'When it was suggested.';
COMMENT ON COLUMN suggestions.decided_at IS 'When it was approved or rejected.';
COMMENT ON COLUMN suggestions.decided_by IS 'Who decided.';
COMMENT ON COLUMN suggestions.deleted_at IS 'When its lead was deleted.';


CREATE VIEW threads AS
SELECT i.conversation_id, i.lead_id, i.awaiting_reply, i.sentiment, i.sentiment_message_id, i.sentiment_at, i.sentiment_history
FROM conversation_insights AS i;
COMMENT ON VIEW threads IS 'What is known of each conversation besides its messages.';
COMMENT ON COLUMN threads.conversation_id IS 'conversations.id.';
COMMENT ON COLUMN threads.lead_id IS 'leads.id.';
COMMENT ON COLUMN threads.awaiting_reply IS 'Whether the customer wrote in it after our last answer (is_answer).';
COMMENT ON COLUMN threads.sentiment IS 'How the customer feels, as last read: positive, neutral, negative …';
COMMENT ON COLUMN threads.sentiment_message_id IS 'The message that shows it.';
COMMENT ON COLUMN threads.sentiment_at IS 'When it was read.';
COMMENT ON COLUMN threads.sentiment_history IS 'Each change of the sentiment, oldest first: a list of {sentiment, message_id, at}.';


CREATE VIEW leads_of_one_number AS
SELECT a.phone, a.id AS lead_id, a.name, b.id AS other_lead_id, b.name AS other_name
FROM leads AS a JOIN leads AS b ON b.phone = a.phone AND b.id > a.id
WHERE a.phone IS NOT NULL;
COMMENT ON VIEW leads_of_one_number IS 'Pairs of leads under the same number: probably one person, for somebody to merge (the tool merge_contacts).';
COMMENT ON COLUMN leads_of_one_number.phone IS 'The number that both have.';
COMMENT ON COLUMN leads_of_one_number.lead_id IS 'One lead.';
COMMENT ON COLUMN leads_of_one_number.name IS 'Its name.';
COMMENT ON COLUMN leads_of_one_number.other_lead_id IS 'The other lead.';
COMMENT ON COLUMN leads_of_one_number.other_name IS 'Its name.';


CREATE VIEW replies AS
SELECT m.id AS message_id, r.id AS lead_id, m.contact_id, m.conversation_id, m.sent_at,
    answered_by(m.origin, m.conversation_id, m.sent_at) AS answered_by
FROM messages AS m LEFT JOIN lead_records AS r ON r.contact_id = m.contact_id AND r.deleted_at IS NULL
WHERE m.direction = 'outbound' AND m.sent_at IS NOT NULL
  AND m.status IS DISTINCT FROM 'failed' AND m.type IS DISTINCT FROM 'reaction'
  AND EXISTS (SELECT FROM messages AS q
              WHERE q.contact_id = m.contact_id AND q.direction = 'inbound' AND q.sent_at <= m.sent_at
                AND q.type IS DISTINCT FROM 'reaction');
COMMENT ON VIEW replies IS 'Every outbound message that was sent after the contact''s first inbound message, without reactions and failed sends; a contact has many.';
COMMENT ON COLUMN replies.message_id IS 'messages.id.';
COMMENT ON COLUMN replies.lead_id IS 'leads.id; null where the lead was deleted.';
COMMENT ON COLUMN replies.contact_id IS 'contacts.id.';
COMMENT ON COLUMN replies.conversation_id IS 'conversations.id.';
COMMENT ON COLUMN replies.sent_at IS 'When it was sent.';
COMMENT ON COLUMN replies.answered_by IS 'person, bot or unknown.';


CREATE VIEW first_replies AS
SELECT v.id AS conversation_id, r.id AS lead_id, a.answered_by, asked.sent_at AS asked_at, a.sent_at AS replied_at,
    a.sent_at - asked.sent_at AS reply_time
FROM conversations AS v LEFT JOIN lead_records AS r ON r.contact_id = v.contact_id AND r.deleted_at IS NULL
CROSS JOIN LATERAL (
    SELECT min(q.sent_at) AS sent_at FROM messages AS q
    WHERE q.conversation_id = v.id AND q.direction = 'inbound' AND q.type IS DISTINCT FROM 'reaction') AS asked
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (n.answered_by) n.answered_by, n.sent_at FROM replies AS n
    WHERE n.conversation_id = v.id AND n.sent_at >= asked.sent_at
    ORDER BY n.answered_by, n.sent_at) AS a;
COMMENT ON VIEW first_replies IS 'The first reply in each conversation, one row for each kind of author: how long customers wait for a person, and how long for the bot.';
COMMENT ON COLUMN first_replies.conversation_id IS 'conversations.id.';
COMMENT ON COLUMN first_replies.lead_id IS 'leads.id; null where the lead was deleted.';
COMMENT ON COLUMN first_replies.answered_by IS 'person, bot or unknown.';
COMMENT ON COLUMN first_replies.asked_at IS 'When the customer first wrote in this conversation.';
COMMENT ON COLUMN first_replies.replied_at IS 'When the first such reply was sent.';
COMMENT ON COLUMN first_replies.reply_time IS 'The time between the two.';


CREATE VIEW lead_stages AS
WITH entries AS (
    SELECT c.lead_id, c.id AS place, c.changed_at AS entered_at, c.new #>> '{}' AS status, c.source, c.actor
    FROM lead_changes AS c JOIN lead_records AS r ON r.id = c.lead_id AND r.deleted_at IS NULL
    WHERE c.field = 'status'
    UNION ALL
    -- The first stage: the value that the first change replaced, or the current status if nothing changed.
    SELECT r.id, 0, r.created_at, coalesce(first.old #>> '{}', r.status), NULL, NULL
    FROM lead_records AS r LEFT JOIN LATERAL (
        SELECT c.old, c.new FROM lead_changes AS c WHERE c.lead_id = r.id AND c.field = 'status'
        ORDER BY c.id LIMIT 1) AS first ON true
    WHERE r.deleted_at IS NULL AND (first.new IS NULL OR first.old IS NOT NULL))
SELECT e.lead_id, row_number() OVER of_lead AS place, e.status, e.entered_at, lead(e.entered_at) OVER of_lead AS left_at,
    extract(epoch FROM coalesce(lead(e.entered_at) OVER of_lead, now()) - e.entered_at)::bigint AS seconds,
    e.source, e.actor
FROM entries AS e
WINDOW of_lead AS (PARTITION BY e.lead_id ORDER BY e.place);
COMMENT ON VIEW lead_stages IS 'The history of the status: one row for each stay of a lead in a status. A lead that returns to a status has another row.';
COMMENT ON COLUMN lead_stages.lead_id IS 'leads.id.';
COMMENT ON COLUMN lead_stages.place IS '1 for the first stage of the lead, and so on.';
COMMENT ON COLUMN lead_stages.status IS 'The status.';
COMMENT ON COLUMN lead_stages.entered_at IS 'Begin of the stay.';
COMMENT ON COLUMN lead_stages.left_at IS 'End of the stay; null: the lead is in this status now.';
COMMENT ON COLUMN lead_stages.seconds IS 'Length of the stay; up to now if it has not ended.';
COMMENT ON COLUMN lead_stages.source IS 'Kind of author of the change: human, agent, ai, bot; null for the first stage.';
COMMENT ON COLUMN lead_stages.actor IS 'Author of the change; null for the first stage.';


CREATE VIEW lead_owners AS
SELECT u.name FROM users AS u WHERE u.disabled_at IS NULL AND u.role <> 'viewer';
COMMENT ON VIEW lead_owners IS 'Users who can look after leads: who can sign in, and may change them.';
COMMENT ON COLUMN lead_owners.name IS 'users.name.';


-- What lead_list shares with leads and contacts is described there once.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT a.attname AS name, col_description('leads'::regclass, b.attnum) AS said
        FROM pg_attribute AS a JOIN pg_attribute AS b ON b.attrelid = 'leads'::regclass AND b.attname = a.attname
        WHERE a.attrelid = 'lead_list'::regclass AND a.attnum > 0 AND col_description(a.attrelid, a.attnum) IS NULL
    LOOP
        EXECUTE format('COMMENT ON COLUMN lead_list.%I IS %L', one.name, one.said);
    END LOOP;
    FOR one IN SELECT a.attname AS name, col_description('contacts'::regclass, b.attnum) AS said
        FROM pg_attribute AS a JOIN pg_attribute AS b ON b.attrelid = 'contacts'::regclass AND b.attname = a.attname
        WHERE a.attrelid = 'lead_list'::regclass AND a.attnum > 0 AND col_description(a.attrelid, a.attnum) IS NULL
    LOOP
        EXECUTE format('COMMENT ON COLUMN lead_list.%I IS %L', one.name, one.said);
    END LOOP;
END $$;


SELECT show_knowledge_base();
