-- Kapso names no sender: who wrote an outbound message follows from the runs of the bot in its conversation.
ALTER TABLE workflow_executions ADD COLUMN started_at timestamptz, ADD COLUMN ended_at timestamptz;
UPDATE workflow_executions SET ended_at = least(handoff_at, error_at, status_at);
COMMENT ON TABLE workflow_executions IS 'Runs of the bot (workflow executions). Kapso pushes those that are handed to a person or fail; polls find the others.';
COMMENT ON COLUMN workflow_executions.started_at IS 'When the run began; null where Kapso has only said how it ended.';
COMMENT ON COLUMN workflow_executions.ended_at IS 'When the run was first known to have ended: handed over, failed or completed; null while it is under way.';
COMMENT ON COLUMN workflow_executions.status IS 'How the run ended: handoff, failed, ended …; null while it is under way.';
-- AI moves the status of a lead only where no person and no agent has set it.
UPDATE lead_records AS r SET set_by = r.set_by || jsonb_build_object('status', h.source)
FROM (SELECT DISTINCT ON (lead_id) lead_id, source FROM lead_changes WHERE field = 'status' ORDER BY lead_id, id DESC) AS h
WHERE h.lead_id = r.id;
CREATE TABLE unrecognized_facts (
    name           text PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 60),
    readings       bigint NOT NULL CHECK (readings > 0),
    first_seen_at  timestamptz NOT NULL DEFAULT now(),
    last_seen_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE unrecognized_facts IS 'Names of bot facts that match no lead field, or whose value the field cannot hold. Stores at most 500 names; later names are counted as (others).';
COMMENT ON COLUMN unrecognized_facts.name IS 'The name that the bot uses, in snake_case.';
COMMENT ON COLUMN unrecognized_facts.readings IS 'Number of readings of chats in which the name occurred.';
COMMENT ON COLUMN unrecognized_facts.first_seen_at IS 'When the name first occurred.';
COMMENT ON COLUMN unrecognized_facts.last_seen_at IS 'When the name last occurred.';
-- Each handoff belongs to a session that exists: a conversation of Kapso, or one that a program handed over by the API.
CREATE TABLE visitor_sessions (
    id               text PRIMARY KEY CHECK (id <> ''),
    conversation_id  uuid,
    created_at       timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE visitor_sessions IS 'Sessions with a handoff: conversations of Kapso, and sessions of programs that post handoffs to the API. The row is deleted with its last handoff.';
COMMENT ON COLUMN visitor_sessions.id IS 'The id of Kapso''s conversation, or the id that the program gave the session.';
COMMENT ON COLUMN visitor_sessions.conversation_id IS 'conversations.id, where the session is a conversation of Kapso.';
COMMENT ON COLUMN visitor_sessions.created_at IS 'When the first handoff of the session was stored.';
INSERT INTO visitor_sessions (id, conversation_id, created_at)
SELECT DISTINCT ON (session_id) session_id, conversation_id, created_at FROM handoffs ORDER BY session_id, id;
UPDATE handoffs SET conversation_summary = 'No summary was given.' WHERE conversation_summary IS NULL;
ALTER TABLE handoffs ADD COLUMN crm_record_id text,
    ALTER COLUMN conversation_summary SET NOT NULL,
    ADD CONSTRAINT handoffs_session_id_fkey FOREIGN KEY (session_id) REFERENCES visitor_sessions;
COMMENT ON COLUMN handoffs.session_id IS 'The session (visitor_sessions.id).';
COMMENT ON COLUMN handoffs.crm_record_id IS 'The id that the CRM of CRM_CLIENT gave it; null without one.';
COMMENT ON COLUMN handoffs.packet_id IS 'The id that the sender gave the packet: the same packet again is the same handoff.';
-- Articles are read through knowledge_base: one row a passage, with its meaning by the model that search goes by.
ALTER TABLE knowledge_base RENAME TO articles;
COMMENT ON TABLE articles IS 'Articles that people and agents look things up in, whole. Brought in by `mirror knowledge import`.';
ALTER TABLE embedding_models ADD COLUMN floor real, ADD COLUMN floor_passages integer;
COMMENT ON COLUMN embedding_models.floor_passages IS 'Number of passages of articles when floor was measured.';
COMMENT ON COLUMN embedding_models.floor IS 'Cosine similarity that unrelated questions reach with the passages. If no passage shares a word with a question, search drops passages whose similarity is not above this value.';
