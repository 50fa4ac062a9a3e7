-- $1 id, $2 done, $3 applied, $4 unchanged, $5 ignored, $6 failed; whether to go on comes back
UPDATE replays SET done = $2, applied = $3, unchanged = $4, ignored = $5, failed = $6, seen_at = now()
WHERE id = $1
RETURNING cancel_asked_by IS NULL
