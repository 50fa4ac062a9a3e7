ALTER TABLE embedding_models DROP COLUMN floor, DROP COLUMN floor_passages;
ALTER TABLE articles RENAME TO knowledge_base;
COMMENT ON TABLE knowledge_base IS 'Articles that people and agents look things up in. Brought in by `mirror knowledge import`.';
-- The release before reads objects only.
UPDATE handoffs SET signals_observed = (
    SELECT jsonb_agg(CASE WHEN jsonb_typeof(one) = 'string' THEN jsonb_build_object('type', one) ELSE one END ORDER BY place)
    FROM jsonb_array_elements(signals_observed) WITH ORDINALITY AS o (one, place))
WHERE signals_observed @? '$[*] ? (@.type() == "string")';
ALTER TABLE handoffs DROP CONSTRAINT handoffs_session_id_fkey, DROP COLUMN crm_record_id,
    ALTER COLUMN conversation_summary DROP NOT NULL;
DROP TABLE visitor_sessions;
COMMENT ON COLUMN handoffs.session_id IS 'The session that was handed over: a conversation of Kapso, or one of another channel.';
COMMENT ON COLUMN handoffs.packet_id IS 'Given by whoever hands over: the same packet again is the same handoff.';
DROP TABLE unrecognized_facts;
UPDATE lead_records SET set_by = set_by - 'status' WHERE set_by ? 'status';
ALTER TABLE workflow_executions DROP COLUMN started_at, DROP COLUMN ended_at;
COMMENT ON TABLE workflow_executions IS 'Bot runs that were handed to a person or failed; Kapso pushes no others.';
COMMENT ON COLUMN workflow_executions.status IS 'running, completed, failed, handoff …';
