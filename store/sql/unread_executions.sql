-- Runs of the bot whose variables were never read, newest first. $1 how many
SELECT w.id FROM workflow_executions AS w
WHERE w.conversation_id IS NOT NULL AND w.status_at > now() - interval '7 days'
  AND NOT EXISTS (SELECT FROM workflow_variables AS v WHERE v.execution_id = w.id)
ORDER BY w.status_at DESC LIMIT $1
