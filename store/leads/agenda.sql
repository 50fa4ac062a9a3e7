-- name: agenda(owner, handled, count)
-- What is to be done, the earliest first: leads that are snoozed until a time (also one that is over: a reminder), and
-- next steps that nobody has carried out. Steps without a date come last. :owner whose leads, or null, :handled the time
-- of a snooze without one
SELECT * FROM (
    SELECT r.id AS lead_id, NULL::bigint AS step_id, r.snoozed_until AS at, NULL::date AS day
    FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
    WHERE r.deleted_at IS NULL AND r.snoozed_until < :handled AND (:owner::text IS NULL OR r.owner = :owner)
      AND r.snoozed_after = c.questions
    UNION ALL
    SELECT s.lead_id, s.id, NULL, (coalesce(s.approved_content, s.suggested_content) ->> 'due_on')::date
    FROM next_steps AS s JOIN lead_records AS r ON r.id = s.lead_id
    WHERE r.deleted_at IS NULL AND s.status IN ('DRAFT', 'PENDING', 'APPROVED', 'MODIFIED') AND s.done_at IS NULL
      AND (:owner::text IS NULL OR r.owner = :owner)
) AS due
ORDER BY coalesce(due.at, due.day), due.lead_id, due.step_id LIMIT :count


-- name: leads_of_agenda(ids)
SELECT l.* FROM lead_list AS l WHERE l.id = ANY (:ids::uuid[])


-- name: steps_of_agenda(ids)
SELECT s.* FROM next_steps AS s WHERE s.id = ANY (:ids::bigint[])
