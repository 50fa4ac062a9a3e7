-- $1 actor, $2 action, $3 lead id
INSERT INTO access_log (actor, action, lead_id) VALUES ($1, $2, $3)
