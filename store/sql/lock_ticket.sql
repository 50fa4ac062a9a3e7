-- $1 id
SELECT t.* FROM tickets AS t WHERE t.id = $1 FOR NO KEY UPDATE
