-- $1 lead id, $2 contact id
DELETE FROM lead_contacts WHERE lead_id = $1 AND contact_id = $2 RETURNING role
