-- name: insert_run(kind, began, since, until, checked, equal, missing, repaired, extra, late, error)
-- :repaired by field
INSERT INTO reconcile_runs (kind, began_at, ended_at, since, until, checked, equal, missing, repaired, extra, late,
    error)
VALUES (:kind, :began, now(), :since, :until, :checked, :equal, :missing, :repaired::jsonb, :extra, :late, :error)


-- name: last_runs
-- The newest run of each kind, and what the runs of the last day found together.
SELECT DISTINCT ON (kind) kind, ended_at, checked, error,
       sum(missing) OVER day AS missing, sum(late) OVER day AS late,
       sum((SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(repaired))) OVER day AS repaired,
       CASE WHEN error IS NULL THEN 0
            ELSE extract(epoch FROM now() - coalesce(max(ended_at) FILTER (WHERE error IS NULL) OVER day,
                                                     min(began_at) OVER day))::float8
       END AS failing_seconds
FROM reconcile_runs
WHERE ended_at > now() - interval '1 day'
WINDOW day AS (PARTITION BY kind)
ORDER BY kind, ended_at DESC


-- name: prune_findings(before)
-- Runs that ended before then, and gaps that were closed before then.
WITH runs AS (DELETE FROM reconcile_runs WHERE ended_at < :before)
DELETE FROM gaps WHERE closed_at < :before


-- name: phone_number_ids
-- Our own numbers, those that were deleted left out.
SELECT id FROM phone_numbers WHERE state IS DISTINCT FROM 'deleted' ORDER BY id


-- name: workflow_ids(count)
-- The workflows that ran in the last month
SELECT workflow_id AS id FROM workflow_executions
WHERE workflow_id IS NOT NULL
GROUP BY workflow_id HAVING max(coalesce(status_at, started_at)) > now() - interval '30 days'
ORDER BY max(coalesce(status_at, started_at)) DESC, workflow_id LIMIT :count


-- name: known_names(names)
-- Which of these names the mirror has met.
SELECT n.name FROM unnest(:names::text[]) AS n (name)
WHERE EXISTS (SELECT FROM sightings AS s WHERE s.handle = n.name)
   OR EXISTS (SELECT FROM sightings AS s WHERE s.bsuid = n.name AND s.bsuid <> '')


-- name: kapso_contacts(before)
-- Contacts that the mirror knows by Kapso's own id, met before :before, and that are not flagged as gone.
SELECT substr(handle, 7) AS id FROM sightings WHERE handle LIKE 'kapso:%' AND first_at < :before
EXCEPT SELECT kapso_id FROM vanished_contacts


-- name: flag_vanished(kapso_ids)
-- :kapso_ids ids of Kapso
INSERT INTO vanished_contacts (kapso_id) SELECT * FROM unnest(:kapso_ids::text[]) ON CONFLICT (kapso_id) DO NOTHING


-- name: vanished
-- Contacts that are gone at Kapso and still here.
SELECT count(*) FROM vanished_contacts


-- name: late_lately
-- How many rows of the last hour pushing should have brought and did not.
SELECT coalesce(sum(late), 0) FROM reconcile_runs WHERE ended_at > now() - interval '1 hour'


-- name: last_received
-- When the newest push in deliveries (30 days) or in the spill was received. Deliveries that wait in Redis do not count.
SELECT greatest(
    (SELECT max(received_at) FROM deliveries WHERE source = 'push' AND received_at > now() - interval '30 days'),
    (SELECT max(received_at) FROM spill),
    (SELECT began_at FROM mirror)) AS at


-- name: reconcile_runs(before, count)
-- :before this id, or null
SELECT * FROM reconcile_runs WHERE :before::bigint IS NULL OR id < :before ORDER BY id DESC LIMIT :count


-- name: orphans(most)
-- Messages and conversations of the last two days whose contact or conversation is not there: no foreign key looks for them
-- when a row is written. Counted up to :most.
SELECT count(*) FROM (
    SELECT FROM messages AS m
    WHERE m.sent_at > now() - interval '2 days'
      AND (m.contact_id IS NOT NULL AND NOT EXISTS (SELECT FROM contacts AS c WHERE c.id = m.contact_id)
           OR m.conversation_id IS NOT NULL AND NOT EXISTS (SELECT FROM conversations AS v
               WHERE v.id = m.conversation_id))
    UNION ALL
    SELECT FROM conversations AS v
    WHERE v.last_active_at > now() - interval '2 days'
      AND v.contact_id IS NOT NULL AND NOT EXISTS (SELECT FROM contacts AS c WHERE c.id = v.contact_id)
    LIMIT :most) AS lost
