-- One handoff; nothing comes back when that packet is there already.
-- $1 jsonb object named like the columns, $2 lead id
INSERT INTO handoffs (packet_id, session_id, lead_id, conversation_id, lead_level, handoff_reason, original_reason,
    visitor_email, visitor_name, visitor_company, visitor_role, problem_fit, authority_fit, company_fit, timing_fit,
    is_consultant, referral_mentioned, turn_count, signals_observed, conversation_summary)
SELECT v.packet_id, v.session_id, $2, v.conversation_id, v.lead_level, v.handoff_reason, v.original_reason,
    v.visitor_email, v.visitor_name, v.visitor_company, v.visitor_role, v.problem_fit, v.authority_fit, v.company_fit,
    v.timing_fit, v.is_consultant, v.referral_mentioned, v.turn_count, v.signals_observed, v.conversation_summary
FROM jsonb_to_record($1::jsonb) AS v (
    packet_id text, session_id text, conversation_id uuid, lead_level text, handoff_reason text, original_reason text,
    visitor_email text, visitor_name text, visitor_company text, visitor_role text, problem_fit text,
    authority_fit text, company_fit text, timing_fit text, is_consultant boolean, referral_mentioned boolean,
    turn_count integer, signals_observed jsonb, conversation_summary text)
ON CONFLICT (packet_id) DO NOTHING
RETURNING id
