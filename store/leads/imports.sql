-- name: begin_import(file_name, actor)
INSERT INTO imports (file_name, made_by) VALUES (:file_name, :actor) RETURNING id


-- name: end_import(id, added, changed, unchanged, refused)
UPDATE imports SET added = :added, changed = :changed, unchanged = :unchanged, refused = :refused WHERE id = :id


-- name: imports(limit)
SELECT * FROM imports ORDER BY id DESC LIMIT :limit


-- name: import_stands(id)
SELECT undone_at IS NULL FROM imports WHERE id = :id


-- name: undo_import(id, actor)
UPDATE imports SET undone_at = now(), undone_by = :actor WHERE id = :id AND undone_at IS NULL


-- name: leads_called(name)
-- Leads of that name, in any case. They may be the same person.
SELECT r.id FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
WHERE r.deleted_at IS NULL AND lower(coalesce(r.name, c.name)) = lower(:name) LIMIT 5


-- name: changes_of_import(actor)
-- The fields that an import changed: each with its value before the first change and after the last. `stands`: no later
-- change of that field. `was_free`: neither a person nor an agent had set the field before. `is_new`: the import added the
-- lead, only the import and AI changed it, and its person never wrote.
SELECT DISTINCT ON (c.lead_id, c.field) c.lead_id, c.field, c.new,
    first_value(c.old) OVER (PARTITION BY c.lead_id, c.field ORDER BY c.id) AS old,
    c.id = (SELECT max(n.id) FROM lead_changes AS n WHERE n.lead_id = c.lead_id AND n.field = c.field) AS stands,
    coalesce((SELECT b.source NOT IN ('human', 'agent') FROM lead_changes AS b
              WHERE b.lead_id = c.lead_id AND b.field = c.field
                AND b.id < (SELECT min(f.id) FROM lead_changes AS f
                            WHERE f.lead_id = c.lead_id AND f.field = c.field AND f.actor = c.actor)
              ORDER BY b.id DESC LIMIT 1), true) AS was_free,
    i.made_at <= r.created_at AND NOT EXISTS (SELECT FROM messages AS m WHERE m.contact_id = r.contact_id)
        AND NOT EXISTS (SELECT FROM lead_changes AS o WHERE o.lead_id = r.id AND o.actor <> c.actor AND o.source <> 'ai') AS is_new
FROM lead_changes AS c JOIN lead_records AS r ON r.id = c.lead_id AND r.deleted_at IS NULL
JOIN imports AS i ON 'import:' || i.id = c.actor
WHERE c.actor = :actor ORDER BY c.lead_id, c.field, c.id DESC
