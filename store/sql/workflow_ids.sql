-- The workflows that handed over or failed in the last month; $1 how many.
SELECT workflow_id AS id FROM workflow_executions
WHERE workflow_id IS NOT NULL
GROUP BY workflow_id HAVING max(status_at) > now() - interval '30 days'
ORDER BY max(status_at) DESC, workflow_id LIMIT $1
