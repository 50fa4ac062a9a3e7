-- name: ask_replay(asked_by, filter, planned, go, per_second)
-- :planned how many are planned, :go whether to do it, :per_second at most that many a second
INSERT INTO replays (asked_by, kind, filter, planned, go, per_second, state)
VALUES (:asked_by, 'dead letters', :filter::jsonb, :planned, :go, :per_second, 'asked')
RETURNING id


-- name: begin_replay(asked_by, kind, filter, planned)
-- Record a replay that the caller runs itself, before its first event is applied. :planned how many dead letters or
-- deliveries it covers
INSERT INTO replays (asked_by, kind, filter, planned) VALUES (:asked_by, :kind, :filter::jsonb, :planned) RETURNING id


-- name: take_replay
-- One that waits, or that a worker began and has not spoken of for a while.
UPDATE replays SET state = 'running', began_at = coalesce(began_at, now()), seen_at = now()
WHERE id = (SELECT r.id FROM replays AS r
            WHERE r.state = 'asked' OR (r.state = 'running' AND r.seen_at < now() - interval '30 seconds')
            ORDER BY r.id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, kind, filter, go, per_second, state, asked_by, asked_at, began_at, ended_at, planned, done,
    applied, unchanged, ignored, failed, cancel_asked_by, error


-- name: tell_replay(id, done, applied, unchanged, ignored, failed)
-- Store the progress of a replay. Returns false if a user has asked to cancel it.
UPDATE replays SET done = :done, applied = :applied, unchanged = :unchanged, ignored = :ignored, failed = :failed,
    seen_at = now()
WHERE id = :id
RETURNING cancel_asked_by IS NULL


-- name: end_replay(id, done, applied, unchanged, ignored, failed, state, error)
UPDATE replays
SET done = :done, applied = :applied, unchanged = :unchanged, ignored = :ignored, failed = :failed, state = :state,
    error = :error, ended_at = now()
WHERE id = :id


-- name: cancel_replay(id, asked_by)
-- One that waits ends here; one that runs is told to. :asked_by who wants it
UPDATE replays SET cancel_asked_by = :asked_by,
    state = CASE WHEN state = 'asked' THEN 'cancelled' ELSE state END,
    ended_at = CASE WHEN state = 'asked' THEN now() END
WHERE id = :id AND (state = 'asked' OR (state = 'running' AND seen_at IS NOT NULL))
RETURNING id


-- name: replays(id, count)
-- :id only this id, or null
SELECT id, kind, filter, go, per_second, state, asked_by, asked_at, began_at, ended_at, planned, done,
    applied, unchanged, ignored, failed, cancel_asked_by, error
FROM replays WHERE :id::bigint IS NULL OR id = :id
ORDER BY id DESC LIMIT :count
