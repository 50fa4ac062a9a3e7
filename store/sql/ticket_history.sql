-- $1 ticket id
SELECT h.* FROM ticket_changes AS h WHERE h.ticket_id = $1 ORDER BY h.id DESC LIMIT 200
