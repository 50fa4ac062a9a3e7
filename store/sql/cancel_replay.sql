-- One that waits ends here; one that runs is told to. $1 id, $2 who wants it
UPDATE replays SET cancel_asked_by = $2,
    state = CASE WHEN state = 'asked' THEN 'cancelled' ELSE state END,
    ended_at = CASE WHEN state = 'asked' THEN now() END
WHERE id = $1 AND (state = 'asked' OR (state = 'running' AND seen_at IS NOT NULL))
RETURNING id
