-- $1 session
DELETE FROM handoffs WHERE session_id = $1 RETURNING id
