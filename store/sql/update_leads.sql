-- Write leads whole, and count their versions up.
-- $1 jsonb array of objects named like the columns
UPDATE lead_records AS r SET
    phone = v.phone, name = v.name, business_type = v.business_type, domisili = v.domisili,
    business_duration = v.business_duration, story = v.story, language = v.language,
    pain_points = v.pain_points, interest_motivation = v.interest_motivation, priority = v.priority,
    urgency_level = v.urgency_level, lead_score = v.lead_score, lead_temperature = v.lead_temperature,
    closing_technique_used = v.closing_technique_used, objection_raised = v.objection_raised,
    chat_phase = v.chat_phase, predicted_close_probability = v.predicted_close_probability,
    estimated_value = v.estimated_value, expected_close_date = v.expected_close_date, status = v.status, signals = v.signals, set_by = v.set_by,
    version = r.version + 1, changed_at = now(),
    status_changed_at = CASE WHEN r.status = v.status THEN r.status_changed_at ELSE now() END,
    converted_at = CASE WHEN r.status = v.status OR v.status = 'archived' THEN r.converted_at
                        WHEN v.status = 'converted' THEN now() END
FROM jsonb_to_recordset($1::jsonb) AS v (
    id uuid, phone text, name text, business_type text, domisili text, business_duration text, story text,
    language text, pain_points text[], interest_motivation text, priority text, urgency_level text,
    lead_score integer, lead_temperature text, closing_technique_used text, objection_raised text,
    chat_phase text, predicted_close_probability real, estimated_value bigint, expected_close_date date,
    status text, signals jsonb, set_by jsonb)
WHERE r.id = v.id
