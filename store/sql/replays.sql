-- $1 only this id, or null; $2 how many
SELECT id, kind, filter, go, per_second, state, asked_by, asked_at, began_at, ended_at, planned, done,
    applied, unchanged, ignored, failed, cancel_asked_by, error
FROM replays WHERE $1::bigint IS NULL OR id = $1
ORDER BY id DESC LIMIT $2
