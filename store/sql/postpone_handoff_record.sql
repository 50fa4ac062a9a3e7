-- The CRM did not take it. $1 record, $2 what kind of error, $3 seconds until the next try
UPDATE handoff_records SET attempts = attempts + 1, error = $2, next_try_at = now() + make_interval(secs => $3)
WHERE id = $1
