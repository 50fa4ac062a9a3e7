-- name: lock_lead(id)
-- One lead with its profile, to be changed. Waits for whoever changes it now. :id also of a lead that was merged into
-- another, or of its contact
SELECT r.*, p.*, c.questions FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
    LEFT JOIN customer_profiles AS p ON p.lead_id = r.id
WHERE r.id = coalesce((SELECT a.lead_id FROM lead_aliases AS a WHERE a.old_id = :id),
                      (SELECT k.id FROM lead_records AS k WHERE k.contact_id = :id), :id)
FOR NO KEY UPDATE OF r


-- name: lock_leads(ids)
-- Leads with their profiles, to be changed; those that somebody is changing now are left out.
SELECT r.*, p.*, c.questions FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
    LEFT JOIN customer_profiles AS p ON p.lead_id = r.id
WHERE r.id = ANY (:ids::uuid[]) ORDER BY r.id FOR NO KEY UPDATE OF r SKIP LOCKED


-- name: no_lead_owner(names)
-- One of these who can't look after leads; those who can stay users until the transaction ends
SELECT w.name FROM unnest(:names::text[]) AS w (name)
WHERE NOT EXISTS (SELECT FROM users AS u WHERE u.name = w.name AND u.name IN (SELECT o.name FROM lead_owners AS o)
                  FOR KEY SHARE OF u)
LIMIT 1


-- name: update_leads(given)
-- Write leads whole, and count their versions up. :given jsonb array of objects named like the columns
UPDATE lead_records AS r SET
    phone = v.phone, name = v.name, business_type = v.business_type, domisili = v.domisili,
    business_duration = v.business_duration, story = v.story, language = v.language,
    pain_points = v.pain_points, interest_motivation = v.interest_motivation, priority = v.priority,
    urgency_level = v.urgency_level, lead_score = v.lead_score, lead_temperature = v.lead_temperature,
    closing_technique_used = v.closing_technique_used, objection_raised = v.objection_raised,
    chat_phase = v.chat_phase, predicted_close_probability = v.predicted_close_probability,
    estimated_value = v.estimated_value, expected_close_date = v.expected_close_date, owner = v.owner, tags = v.tags,
    snoozed_until = v.snoozed_until, snoozed_after = v.snoozed_after, status = v.status, signals = v.signals,
    set_by = v.set_by,
    version = r.version + 1, changed_at = now(),
    status_changed_at = CASE WHEN r.status = v.status THEN r.status_changed_at ELSE now() END,
    converted_at = CASE WHEN r.status = v.status OR v.status = 'archived' THEN r.converted_at
                        WHEN v.status = 'converted' THEN now() END
FROM jsonb_to_recordset(:given::jsonb) AS v (
    id uuid, phone text, name text, business_type text, domisili text, business_duration text, story text,
    language text, pain_points text[], interest_motivation text, priority text, urgency_level text,
    lead_score integer, lead_temperature text, closing_technique_used text, objection_raised text,
    chat_phase text, predicted_close_probability numeric, estimated_value numeric, expected_close_date date,
    owner text, tags text[], snoozed_until timestamptz, snoozed_after integer, status text, signals jsonb, set_by jsonb)
WHERE r.id = v.id


-- name: update_profiles(given)
-- Write profiles whole. :given jsonb array of objects named like the columns; id is the lead's
INSERT INTO customer_profiles (lead_id, email, address, state, zip, services, seasons, last_service_date, source)
SELECT v.* FROM jsonb_to_recordset(:given::jsonb) AS v (
    id uuid, email text, address text, state text, zip text, services text[], seasons integer[],
    last_service_date date, source text)
ON CONFLICT (lead_id) DO UPDATE SET
    email = excluded.email, address = excluded.address, state = excluded.state, zip = excluded.zip,
    services = excluded.services, seasons = excluded.seasons, last_service_date = excluded.last_service_date,
    source = excluded.source


-- name: insert_lead_changes(lead_id, field, old, new, source, actor, reason, message_id, quote, confidence)
INSERT INTO lead_changes (lead_id, field, old, new, source, actor, reason, message_id, quote, confidence)
SELECT * FROM unnest(:lead_id::uuid[], :field::text[], :old::jsonb[], :new::jsonb[], :source::text[], :actor::text[],
    :reason::text[], :message_id::text[],
                     :quote::text[], :confidence::real[])


-- name: put_away_lead(lead, away)
-- :away whether it goes out of sight
UPDATE lead_records SET deleted_at = CASE WHEN :away THEN now() END, version = version + 1, changed_at = now()
    WHERE id = :lead


-- name: outdate_suggestions(lead_id, field, newer)
-- Open suggestions that something newer takes the place of: another suggestion, or a person's own value (:newer is null).
-- A suggested status does not take the place of one that is further on; a person's own status: see outdate_reached.
UPDATE lead_suggestions AS s SET state = 'outdated', answered_at = now()
FROM unnest(:lead_id::uuid[], :field::text[], :newer::jsonb[]) AS v (lead_id, field, value)
WHERE s.lead_id = v.lead_id AND s.field = v.field AND s.state = 'open' AND s.value IS DISTINCT FROM v.value
  AND (s.field <> 'status' OR (v.value IS NOT NULL AND NOT (
           v.value IN ('"qualified"', '"contacted"')
           AND array_position('{qualified,contacted,converted}'::text[], s.value #>> '{}')
               > array_position('{qualified,contacted,converted}'::text[], v.value #>> '{}'))))


-- name: outdate_reached(lead_ids, statuses)
-- Open suggestions of a status that the lead has reached, and all of a lead that is archived now. A suggestion to archive
-- ends with every new status. :statuses their statuses
UPDATE lead_suggestions AS s SET state = 'outdated', answered_at = now()
FROM unnest(:lead_ids::uuid[], :statuses::text[]) AS v (lead_id, status)
WHERE s.lead_id = v.lead_id AND s.field = 'status' AND s.state = 'open'
  AND (v.status = 'archived' OR s.value = '"archived"'
       OR array_position('{new,qualified,contacted,converted}'::text[], s.value #>> '{}')
           <= array_position('{new,qualified,contacted,converted}'::text[], v.status))


-- name: insert_suggestions(lead_id, field, value, source, actor, reason, message_id, quote, confidence)
-- A field has one open suggestion (outdate_suggestions comes first); what a person ignored, or put another value in the
-- place of, is not suggested again.
INSERT INTO lead_suggestions (lead_id, field, value, source, actor, reason, message_id, quote, confidence)
SELECT v.* FROM unnest(:lead_id::uuid[], :field::text[], :value::jsonb[], :source::text[], :actor::text[],
    :reason::text[], :message_id::text[], :quote::text[],
                       :confidence::real[]) AS v (lead_id, field, value, source, actor, reason, message_id, quote,
                           confidence)
WHERE NOT EXISTS (
    SELECT FROM lead_suggestions AS s
    WHERE s.lead_id = v.lead_id AND s.field = v.field
      AND (s.state = 'open' OR (s.state = 'ignored' AND s.value = v.value)))
  AND NOT EXISTS (
    SELECT FROM lead_changes AS h
    WHERE h.lead_id = v.lead_id AND h.field = v.field AND h.source = 'human' AND h.old = v.value AND h.field <> 'status')
RETURNING lead_id, field
