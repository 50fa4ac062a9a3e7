-- $1 id
SELECT id, source, title, content, tags, updated_at FROM knowledge_base WHERE id = $1
