-- $1 lead id, $2 source, $3 actor, $4 text, $5 the note that it corrects
INSERT INTO lead_notes (lead_id, source, actor, text, corrects) VALUES ($1, $2, $3, $4, $5) RETURNING id
