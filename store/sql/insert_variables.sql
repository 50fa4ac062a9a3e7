-- $1 execution id, $2 variables; nothing where the run has been erased meanwhile
WITH kept AS (
    INSERT INTO workflow_variables (execution_id, variables)
    SELECT w.id, $2 FROM workflow_executions AS w WHERE w.id = $1 FOR KEY SHARE
    ON CONFLICT (execution_id) DO UPDATE SET variables = excluded.variables, read_at = now()
)
UPDATE contacts AS p SET heard_at = clock_timestamp()
FROM workflow_executions AS w JOIN conversations AS c ON c.id = w.conversation_id
WHERE w.id = $1 AND p.id = c.contact_id
