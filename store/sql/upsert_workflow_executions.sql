-- $1..$13 workflow executions, column by column, in the order of their keys
INSERT INTO workflow_executions AS w (id, workflow_id, conversation_id, channel, tracking_id, status, status_at, handoff,
    handoff_at, handoff_tie, error, error_at, error_tie)
SELECT v.id, v.workflow_id, v.conversation_id, v.channel, v.tracking_id, v.status, v.status_at, v.handoff::jsonb,
       v.handoff_at, v.handoff_tie, v.error::jsonb, v.error_at, v.error_tie
FROM unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::text[],
            $9::timestamptz[], $10::bigint[], $11::text[], $12::timestamptz[], $13::bigint[])
    AS v (id, workflow_id, conversation_id, channel, tracking_id, status, status_at, handoff, handoff_at, handoff_tie,
          error, error_at, error_tie)
ON CONFLICT (id) DO UPDATE SET
    workflow_id = greatest(w.workflow_id, excluded.workflow_id),
    conversation_id = greatest(w.conversation_id, excluded.conversation_id),
    channel = greatest(w.channel, excluded.channel),
    tracking_id = greatest(w.tracking_id, excluded.tracking_id),
    status = CASE WHEN w.status_at IS NULL OR (excluded.status_at, excluded.status) > (w.status_at, w.status)
        THEN excluded.status ELSE w.status END,
    status_at = greatest(w.status_at, excluded.status_at),
    handoff = CASE WHEN w.handoff_at IS NULL OR (excluded.handoff_at, excluded.handoff_tie) > (w.handoff_at, w.handoff_tie)
        THEN excluded.handoff ELSE w.handoff END,
    handoff_tie = CASE WHEN w.handoff_at IS NULL
        OR (excluded.handoff_at, excluded.handoff_tie) > (w.handoff_at, w.handoff_tie)
        THEN excluded.handoff_tie ELSE w.handoff_tie END,
    handoff_at = greatest(w.handoff_at, excluded.handoff_at),
    error = CASE WHEN w.error_at IS NULL OR (excluded.error_at, excluded.error_tie) > (w.error_at, w.error_tie)
        THEN excluded.error ELSE w.error END,
    error_tie = CASE WHEN w.error_at IS NULL OR (excluded.error_at, excluded.error_tie) > (w.error_at, w.error_tie)
        THEN excluded.error_tie ELSE w.error_tie END,
    error_at = greatest(w.error_at, excluded.error_at)
