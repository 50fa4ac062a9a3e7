-- Nothing comes back when there is no such conversation. $1 conversation id, $2 subject, $3 priority, $4 assignee, $5 who
INSERT INTO tickets (conversation_id, subject, priority, assignee, opened_by)
SELECT v.id, $2, $3, $4, $5 FROM conversations AS v JOIN leads AS l ON l.contact_id = v.contact_id WHERE v.id = $1
RETURNING id
