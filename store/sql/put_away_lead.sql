-- $1 lead, $2 whether it goes out of sight
UPDATE lead_records SET deleted_at = CASE WHEN $2 THEN now() END, version = version + 1, changed_at = now() WHERE id = $1
