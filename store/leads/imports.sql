-- name: begin_import(file_name, actor)
INSERT INTO imports (file_name, made_by) VALUES (:file_name, :actor) RETURNING id


-- name: end_import(id, added, changed, unchanged, refused)
UPDATE imports SET added = :added, changed = :changed, unchanged = :unchanged, refused = :refused WHERE id = :id


-- name: imports(limit)
SELECT * FROM imports ORDER BY id DESC LIMIT :limit


-- name: undo_import(id, actor)
UPDATE imports SET undone_at = now(), undone_by = :actor WHERE id = :id AND undone_at IS NULL RETURNING id


-- name: leads_called(name)
-- Who may be the same person: the same name, in any case.
SELECT r.id FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
WHERE r.deleted_at IS NULL AND lower(coalesce(r.name, c.name)) = lower(:name) LIMIT 5


-- name: changes_of_import(actor)
-- What an import changed and nobody changed since (`stands`), lead by lead, the newest first; `is_new` for leads that it made and
-- that nobody but it and AI touched, and that never wrote.
SELECT c.lead_id, c.field, c.old, c.new,
    c.id = (SELECT max(n.id) FROM lead_changes AS n WHERE n.lead_id = c.lead_id AND n.field = c.field) AS stands,
    i.made_at <= r.created_at AND NOT EXISTS (SELECT FROM messages AS m WHERE m.contact_id = r.contact_id)
        AND NOT EXISTS (SELECT FROM lead_changes AS o WHERE o.lead_id = r.id AND o.actor <> c.actor AND o.source <> 'ai') AS is_new
FROM lead_changes AS c JOIN lead_records AS r ON r.id = c.lead_id AND r.deleted_at IS NULL
JOIN imports AS i ON 'import:' || i.id = c.actor
WHERE c.actor = :actor ORDER BY c.lead_id, c.id DESC
