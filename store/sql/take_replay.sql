-- One that waits, or that a worker began and has not spoken of for a while.
UPDATE replays SET state = 'running', began_at = coalesce(began_at, now()), seen_at = now()
WHERE id = (SELECT r.id FROM replays AS r
            WHERE r.state = 'asked' OR (r.state = 'running' AND r.seen_at < now() - interval '30 seconds')
            ORDER BY r.id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, kind, filter, go, per_second, state, asked_by, asked_at, began_at, ended_at, planned, done,
    applied, unchanged, ignored, failed, cancel_asked_by, error
