-- Those that the CRM has not had yet. $1 session
UPDATE handoff_records SET state = 'cleared', error = NULL WHERE session_id = $1 AND state = 'pending' RETURNING id
