-- $1 id, $2 due, $3 unchanged, $4 read, $5 changed, $6 suggested, $7 busy, $8 error
UPDATE extraction_runs SET ended_at = now(), due = $2, unchanged = $3, read = $4, changed = $5, suggested = $6, busy = $7,
    error = $8
WHERE id = $1
