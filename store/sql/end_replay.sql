-- $1 id, $2 applied, $3 unchanged, $4 ignored, $5 failed, $6 state
UPDATE replays SET applied = $2, unchanged = $3, ignored = $4, failed = $5, state = $6, ended_at = now() WHERE id = $1
