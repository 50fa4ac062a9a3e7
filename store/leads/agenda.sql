-- name: agenda(owner, count)
-- What is to be done, the earliest first: leads that wake up at a time, and next steps that nobody has carried out.
-- :owner whose leads, or null
SELECT * FROM (
    SELECT 'snooze' AS kind, r.id AS lead_id, NULL::bigint AS step_id, r.snoozed_until AS at
    FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
    WHERE r.deleted_at IS NULL AND r.snoozed_until < '9000-01-01' AND (:owner::text IS NULL OR r.owner = :owner)
      AND is_snoozed(r.snoozed_until, r.snoozed_at, c.last_inbound_at)
    UNION ALL
    SELECT 'step', s.lead_id, s.id,
        coalesce((coalesce(s.approved_content, s.suggested_content) ->> 'due_on')::date::timestamptz, s.made_at)
    FROM next_steps AS s JOIN lead_records AS r ON r.id = s.lead_id
    WHERE r.deleted_at IS NULL AND s.status IN ('DRAFT', 'PENDING', 'APPROVED', 'MODIFIED') AND s.done_at IS NULL
      AND (:owner::text IS NULL OR r.owner = :owner)
) AS due
ORDER BY due.at, due.lead_id, due.step_id LIMIT :count


-- name: leads_of_agenda(ids)
SELECT l.* FROM lead_list AS l WHERE l.id = ANY (:ids::uuid[])


-- name: steps_of_agenda(ids)
SELECT s.* FROM next_steps AS s WHERE s.id = ANY (:ids::bigint[])
