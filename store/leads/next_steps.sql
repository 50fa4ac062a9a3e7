-- name: insert_next_steps(lead_id, type, status, suggested_content, confidence, reasoning, tokens, source, actor,
--     occasion)
-- Those whose occasion has been suggested before for their lead are left out. The lead may be named by an id that was
-- merged; a deleted one gets none.
INSERT INTO next_steps (lead_id, type, status, suggested_content, confidence, reasoning, tokens, source, actor,
    occasion)
SELECT r.id, v.type, v.status, v.content::jsonb, v.confidence, v.reasoning, v.tokens, v.source, v.actor, v.occasion
FROM unnest(:lead_id::uuid[], :type::text[], :status::text[], :suggested_content::text[], :confidence::real[],
    :reasoning::text[], :tokens::integer[], :source::text[], :actor::text[],
            :occasion::text[])
    AS v (lead_id, type, status, content, confidence, reasoning, tokens, source, actor, occasion)
JOIN lead_records AS r
    ON r.id = coalesce((SELECT a.lead_id FROM lead_aliases AS a WHERE a.old_id = v.lead_id), v.lead_id)
WHERE r.deleted_at IS NULL
ON CONFLICT (lead_id, occasion) DO NOTHING
RETURNING id


-- name: next_steps_page(statuses, types, lead, last_id, count, also_deleted, undone)
-- :lead (null leaves one out), :undone whether only those that nobody has carried out, :also_deleted whether also of deleted leads; known_lead_id is null for those
SELECT s.*, CASE WHEN r.deleted_at IS NULL THEN s.lead_id END AS known_lead_id,
    coalesce(r.name, c.name) AS name, coalesce(r.phone, c.phone) AS phone
FROM next_steps AS s JOIN lead_records AS r ON r.id = s.lead_id JOIN contacts AS c ON c.id = r.contact_id
WHERE (:also_deleted OR r.deleted_at IS NULL)
  AND (:statuses::text[] IS NULL OR s.status = ANY (:statuses)) AND (:types::text[] IS NULL OR s.type = ANY (:types))
  AND (:lead::uuid IS NULL OR s.lead_id = coalesce((SELECT a.lead_id FROM lead_aliases AS a
      WHERE a.old_id = :lead), :lead))
  AND (:last_id::bigint IS NULL OR s.id < :last_id)
  AND (:undone IS NOT TRUE OR s.done_at IS NULL)
ORDER BY s.id DESC LIMIT :count


-- name: next_step(id, also_deleted)
-- known_lead_id is null where the lead was deleted. :also_deleted whether also of deleted leads
SELECT s.*, CASE WHEN r.deleted_at IS NULL THEN s.lead_id END AS known_lead_id
FROM next_steps AS s JOIN lead_records AS r ON r.id = s.lead_id WHERE s.id = :id AND (:also_deleted
    OR r.deleted_at IS NULL)


-- name: count_next_steps(most)
-- How many wait for a decision, counted up to :most (null: all)
SELECT count(*) FROM (SELECT FROM next_steps AS s JOIN lead_records AS r ON r.id = s.lead_id
                      WHERE s.status = 'PENDING' AND r.deleted_at IS NULL LIMIT :most) AS waiting


-- name: finish_next_step(id, actor)
-- An approved step was carried out.
UPDATE next_steps AS s SET done_at = now(), done_by = :actor
WHERE s.id = :id AND s.status IN ('APPROVED', 'MODIFIED') AND s.done_at IS NULL RETURNING s.*


-- name: submit_next_step(id)
-- A draft is ready to be decided on.
UPDATE next_steps AS s SET status = 'PENDING' FROM lead_records AS r
WHERE s.id = :id AND s.status = 'DRAFT' AND r.id = s.lead_id AND r.deleted_at IS NULL RETURNING s.*


-- name: due_next_steps(count)
-- Leads for which a rule calls for a next step that was not suggested before. "no reply" applies 5 to 8 days after our
-- last message, "window closes" 22 to 24 hours after theirs, "went hot" for 3 days.
WITH called AS (
    SELECT c.id AS contact_id, 'no reply' AS occasion, c.last_message_id AS about
    FROM contacts AS c
    WHERE coalesce(c.last_message_at, '-infinity') BETWEEN now() - interval '8 days' AND now() - interval '5 days'
      AND c.last_message_direction = 'outbound' AND c.waiting_since IS NULL
    UNION ALL
    SELECT c.id, 'window closes', c.last_message_id
    FROM contacts AS c
    WHERE coalesce(c.last_message_at, '-infinity') > now() - interval '24 hours'
        AND c.waiting_since IS NOT NULL
      AND c.last_inbound_at BETWEEN now() - interval '24 hours' AND now() - interval '22 hours'
    UNION ALL
    SELECT r.contact_id, 'went hot', h.id::text
    FROM lead_records AS r
    CROSS JOIN LATERAL (SELECT h.id, h.new, h.changed_at FROM lead_changes AS h
                        WHERE h.lead_id = r.id AND h.field = 'lead_temperature' ORDER BY h.id DESC LIMIT 1) AS h
    WHERE r.lead_temperature = 'hot' AND r.changed_at > now() - interval '3 days'
      AND h.new = '"hot"' AND h.changed_at > now() - interval '3 days'
)
SELECT r.id AS lead_id, r.contact_id, w.occasion, w.about, coalesce(r.name, c.name) AS name, r.language
FROM called AS w JOIN lead_records AS r ON r.contact_id = w.contact_id JOIN contacts AS c ON c.id = r.contact_id
WHERE r.status IN ('new', 'qualified', 'contacted') AND r.deleted_at IS NULL
  AND NOT EXISTS (SELECT FROM next_steps AS s WHERE s.lead_id = r.id AND s.occasion = w.occasion || ' ' || w.about)
LIMIT :count


-- name: withdraw_next_steps(rules)
-- What rules suggested is taken back once nothing calls for it: they wrote, we answered, the lead has cooled or is
-- closed. :rules who signs as the rules
UPDATE next_steps AS s SET status = 'REJECTED', decided_by = :rules, decided_at = now(),
    decision_reason = 'no longer called for'
FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
WHERE s.lead_id = r.id AND s.occasion IS NOT NULL AND s.status IN ('DRAFT', 'PENDING')
  AND (r.status NOT IN ('new', 'qualified', 'contacted') OR r.deleted_at IS NOT NULL
       OR (s.occasion LIKE 'no reply %' AND s.occasion <> 'no reply ' || c.last_message_id)
       OR (s.occasion LIKE 'window closes %' AND (s.occasion <> 'window closes ' || c.last_message_id
                                                  OR c.last_inbound_at < now() - interval '24 hours'))
       OR (s.occasion LIKE 'went hot %' AND r.lead_temperature IS DISTINCT FROM 'hot'))


-- name: lock_next_step(id)
SELECT s.* FROM next_steps AS s JOIN lead_records AS r ON r.id = s.lead_id
WHERE s.id = :id AND r.deleted_at IS NULL FOR NO KEY UPDATE OF s


-- name: decide_next_step(id, status, approved_content, who, reason, error)
-- A FAILED step keeps decided_by and decided_at of its approval. :approved_content (null unless modified)
UPDATE next_steps SET status = :status, approved_content = coalesce(:approved_content::jsonb, approved_content),
    decided_by = CASE WHEN :status = 'FAILED' THEN decided_by ELSE :who END,
    decided_at = CASE WHEN :status = 'FAILED' THEN decided_at ELSE now() END,
    decision_reason = coalesce(:reason, decision_reason), error = :error
WHERE id = :id RETURNING *
