-- $1 id of the last one seen, $2 how many
SELECT id, source, title, tags, updated_at FROM knowledge_base WHERE $1::bigint IS NULL OR id < $1 ORDER BY id DESC LIMIT $2
