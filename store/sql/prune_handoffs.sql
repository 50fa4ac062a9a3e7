-- That a run was handed over is remembered as long as the run, or it would be handed over again. $1 before when
WITH records AS (
    DELETE FROM handoff_records AS h WHERE h.state IN ('delivered', 'cleared') AND h.created_at < $1
        AND NOT EXISTS (SELECT FROM workflow_executions AS w WHERE w.id = h.execution_id)
)
DELETE FROM handoffs WHERE created_at < $1
