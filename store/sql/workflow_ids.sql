-- The workflows that handed over or failed lately; $1 how many.
SELECT workflow_id AS id FROM workflow_executions
WHERE workflow_id IS NOT NULL
GROUP BY workflow_id ORDER BY max(status_at) DESC NULLS LAST, workflow_id LIMIT $1
