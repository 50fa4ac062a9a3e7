-- A record for each run that was handed over and has none yet.
INSERT INTO handoff_records (execution_id, session_id)
SELECT w.id, coalesce(w.conversation_id::text, w.id) FROM workflow_executions AS w
WHERE w.handoff IS NOT NULL AND NOT EXISTS (SELECT FROM handoff_records AS h WHERE h.execution_id = w.id)
ON CONFLICT (execution_id) DO NOTHING
