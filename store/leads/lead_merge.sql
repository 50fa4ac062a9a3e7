-- name: leads_of_contacts(contact_ids)
SELECT r.*, p.*, c.questions FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
    LEFT JOIN customer_profiles AS p ON p.lead_id = r.id
WHERE r.contact_id = ANY (:contact_ids::uuid[]) ORDER BY r.id FOR UPDATE OF r


-- name: carry_client(from_lead, to_lead)
-- Copies the client of merged leads to the lead that stays, if that one has none: of several the first. The lead that stays
-- is deleted only if all of them were. Several leads may become one at once.
UPDATE lead_records AS k SET
    converted_to_client_id = coalesce(k.converted_to_client_id, g.client),
    deleted_at = CASE WHEN g.are_deleted THEN k.deleted_at END
FROM (
    SELECT v.kept, bool_and(g.deleted_at IS NOT NULL) AS are_deleted,
        (array_agg(g.converted_to_client_id ORDER BY g.converted_at, g.id)
            FILTER (WHERE g.converted_to_client_id IS NOT NULL))[1] AS client
    FROM unnest(:from_lead::uuid[], :to_lead::uuid[]) AS v (gone, kept) JOIN lead_records AS g ON g.id = v.gone
    GROUP BY v.kept) AS g
WHERE k.id = g.kept


-- name: carry_status(from_lead, to_lead)
-- A status that comes with the lead that goes was reached when that one reached it, not now.
UPDATE lead_records AS k SET
    status_changed_at = g.status_changed_at,
    converted_at = coalesce(g.converted_at, CASE WHEN k.status = 'converted' THEN k.converted_at END)
FROM unnest(:from_lead::uuid[], :to_lead::uuid[]) AS v (gone, kept) JOIN lead_records AS g ON g.id = v.gone
WHERE k.id = v.kept AND k.status = g.status AND k.status <> 'new'


-- name: move_lead_history(from_lead, to_lead)
WITH moved AS (
    SELECT * FROM unnest(:from_lead::uuid[], :to_lead::uuid[]) AS v (old_id, lead_id)
), changes AS (
    UPDATE lead_changes AS h SET lead_id = m.lead_id FROM moved AS m WHERE h.lead_id = m.old_id
), notes AS (
    UPDATE lead_notes AS n SET lead_id = m.lead_id FROM moved AS m WHERE n.lead_id = m.old_id
), handed_over AS (
    UPDATE handoffs AS o SET lead_id = m.lead_id FROM moved AS m WHERE o.lead_id = m.old_id
), steps AS (
    UPDATE next_steps AS s SET lead_id = m.lead_id FROM moved AS m WHERE s.lead_id = m.old_id
      AND NOT EXISTS (SELECT FROM next_steps AS k WHERE k.lead_id = m.lead_id AND k.occasion = s.occasion)
), requests AS (
    UPDATE idempotency_keys AS k SET lead_id = m.lead_id FROM moved AS m WHERE k.lead_id = m.old_id
)
UPDATE access_log AS a SET lead_id = m.lead_id FROM moved AS m WHERE a.lead_id = m.old_id


-- name: move_lead_suggestions(from_lead, to_lead)
-- Answered ones stay as history; what was open is made anew by the next reading of the chat.
UPDATE lead_suggestions AS s SET
    lead_id = m.lead_id,
    state = CASE WHEN s.state = 'open' THEN 'outdated' ELSE s.state END,
    answered_at = coalesce(s.answered_at, now())
FROM unnest(:from_lead::uuid[], :to_lead::uuid[]) AS m (old_id, lead_id)
WHERE s.lead_id = m.old_id


-- name: alias_leads(from_lead, to_lead)
-- Leads that are another now: their ids keep resolving.
WITH merged AS (
    SELECT * FROM unnest(:from_lead::uuid[], :to_lead::uuid[]) AS v (old_id, lead_id)
), chained AS (
    UPDATE lead_aliases AS a SET lead_id = m.lead_id FROM merged AS m WHERE a.lead_id = m.old_id
)
INSERT INTO lead_aliases (old_id, lead_id) SELECT old_id, lead_id FROM merged


-- name: move_lead_contacts(from_lead, to_lead, from_contact, to_contact)
-- Moves further people from merged leads and contacts to those that stay; the old rows are deleted together with the
-- old leads and contacts (ON DELETE CASCADE).
WITH leads AS (
    SELECT * FROM unnest(:from_lead::uuid[], :to_lead::uuid[]) AS v (old_id, new_id)
), people AS (
    SELECT * FROM unnest(:from_contact::uuid[], :to_contact::uuid[]) AS v (old_id, new_id)
), moved AS (
    SELECT coalesce(l.new_id, p.lead_id) AS lead_id, coalesce(c.new_id, p.contact_id) AS contact_id, p.role,
        p.added_by, p.added_at
    FROM lead_contacts AS p LEFT JOIN leads AS l ON l.old_id = p.lead_id LEFT
        JOIN people AS c ON c.old_id = p.contact_id
    WHERE l.old_id IS NOT NULL OR c.old_id IS NOT NULL
)
INSERT INTO lead_contacts (lead_id, contact_id, role, added_by, added_at)
SELECT m.lead_id, m.contact_id, m.role, m.added_by, m.added_at
FROM moved AS m JOIN lead_records AS r ON r.id = m.lead_id
WHERE r.contact_id <> m.contact_id
ON CONFLICT (lead_id, contact_id) DO NOTHING


-- name: delete_leads(ids)
-- Leads, and clients that nobody else has become.
WITH gone AS (
    DELETE FROM lead_records WHERE id = ANY (:ids::uuid[]) RETURNING converted_to_client_id
)
DELETE FROM clients AS c USING gone AS g
WHERE c.id = g.converted_to_client_id
  AND NOT EXISTS (SELECT FROM lead_records AS r WHERE r.converted_to_client_id = c.id AND r.id <> ALL (:ids::uuid[]))


-- name: forget_passages(lead_ids)
-- Of leads whose chats are put together anew.
DELETE FROM passages WHERE lead_id = ANY (:lead_ids::uuid[])


-- name: hear_contacts_of_leads(lead_ids)
-- What both said is to be looked at again: no snooze stands.
UPDATE contacts AS c SET heard_at = clock_timestamp(), questions = c.questions + 1
FROM lead_records AS r WHERE r.id = ANY (:lead_ids::uuid[]) AND c.id = r.contact_id
