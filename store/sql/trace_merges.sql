-- $1 contact id
SELECT old_id, merged_at FROM contact_aliases WHERE contact_id = $1 ORDER BY merged_at
