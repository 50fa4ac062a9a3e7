-- $1 before when
WITH records AS (
    DELETE FROM handoff_records WHERE state = 'delivered' AND created_at < $1
)
DELETE FROM handoffs WHERE created_at < $1
