-- Handoffs: what was known when a conversation was given to a person, and how far its way into the CRM has come.

CREATE TABLE handoffs (
    id                    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    packet_id             text NOT NULL UNIQUE CHECK (packet_id <> ''),
    session_id            text NOT NULL CHECK (session_id <> ''),
    lead_id               uuid REFERENCES lead_records ON DELETE CASCADE,
    conversation_id       uuid,
    lead_level            text NOT NULL CHECK (lead_level IN ('hot', 'warm', 'cold')),
    handoff_reason        text NOT NULL
                          CHECK (handoff_reason IN ('hot_lead', 'explicit_request', 'stall', 'llm_failure')),
    original_reason       text,
    visitor_email         text,
    visitor_name          text,
    visitor_company       text,
    visitor_role          text,
    problem_fit           text NOT NULL DEFAULT 'unknown',
    authority_fit         text NOT NULL DEFAULT 'unknown',
    company_fit           text NOT NULL DEFAULT 'unknown',
    timing_fit            text NOT NULL DEFAULT 'unknown',
    is_consultant         boolean NOT NULL DEFAULT false,
    referral_mentioned    boolean NOT NULL DEFAULT false,
    turn_count            integer NOT NULL DEFAULT 0 CHECK (turn_count >= 0),
    signals_observed      jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(signals_observed) = 'array'),
    conversation_summary  text,
    created_at            timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE handoffs IS 'Conversations that were given to a person, with what was known of them then. Kept for HANDOFF_DAYS, cleared on request.';
COMMENT ON COLUMN handoffs.packet_id IS 'Given by whoever hands over: the same packet again is the same handoff.';
COMMENT ON COLUMN handoffs.original_reason IS 'What was said, where it is none of the four.';
CREATE INDEX handoffs_by_time ON handoffs (created_at DESC, id DESC);
CREATE INDEX handoffs_by_level ON handoffs (lead_level, created_at DESC);
CREATE INDEX handoffs_by_session ON handoffs (session_id);
CREATE INDEX handoffs_by_lead ON handoffs (lead_id);
CREATE TABLE handoff_records (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    execution_id   text NOT NULL UNIQUE,
    session_id     text NOT NULL,
    state          text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered')),
    crm_record_id  text,
    attempts       integer NOT NULL DEFAULT 0,
    error          text,
    created_at     timestamptz NOT NULL DEFAULT now(),
    next_try_at    timestamptz NOT NULL DEFAULT now(),
    delivered_at   timestamptz,
    CHECK ((state = 'delivered') = (crm_record_id IS NOT NULL)),
    CHECK ((state = 'delivered') = (delivered_at IS NOT NULL))
);
COMMENT ON TABLE handoff_records IS 'The way of each of Kapso''s handoffs into the CRM: tried until the CRM has given it an id.';
CREATE INDEX handoff_records_due ON handoff_records (next_try_at) WHERE state = 'pending';
ALTER TABLE access_log
    DROP CONSTRAINT access_log_action_check,
    ADD CONSTRAINT access_log_action_check CHECK (action IN ('open', 'export', 'erase', 'handoffs', 'clear'));
CREATE INDEX workflow_executions_handed_over ON workflow_executions (id) WHERE handoff IS NOT NULL;
