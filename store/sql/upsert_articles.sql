-- Articles that are new or say something else than before; their ids come back.
-- $1 jsonb array of {source, title, content, tags, hash (hex)}
INSERT INTO knowledge_base AS k (source, title, content, tags, content_hash)
SELECT v.source, v.title, v.content, v.tags, decode(v.hash, 'hex')
FROM jsonb_to_recordset($1::jsonb) AS v (source text, title text, content text, tags text[], hash text)
ON CONFLICT (source) DO UPDATE SET
    title = excluded.title, content = excluded.content, tags = excluded.tags, content_hash = excluded.content_hash,
    updated_at = now()
WHERE k.content_hash <> excluded.content_hash
RETURNING k.id, k.source
