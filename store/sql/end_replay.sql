-- $1 id, $2 done, $3 applied, $4 unchanged, $5 ignored, $6 failed, $7 state, $8 error
UPDATE replays
SET done = $2, applied = $3, unchanged = $4, ignored = $5, failed = $6, state = $7, error = $8, ended_at = now()
WHERE id = $1
