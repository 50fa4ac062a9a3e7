-- name: overview_figures(since, until, city, owner)
-- Of the leads that came in that time: how many, how many of them are clients now, and how long half of them waited for
-- our first answer at most.
WITH came AS (
    SELECT r.contact_id, r.status FROM lead_records AS r
    WHERE r.deleted_at IS NULL AND r.created_at >= :since AND r.created_at < :until
      AND (:city::text IS NULL OR lower(r.domisili) = lower(:city)) AND (:owner::text IS NULL OR r.owner = :owner)
), replied AS (
    SELECT extract(epoch FROM answer.sent_at - asked.sent_at) AS seconds
    FROM came AS a
    CROSS JOIN LATERAL (
        SELECT min(m.sent_at) AS sent_at FROM messages AS m
        WHERE m.contact_id = a.contact_id AND m.direction = 'inbound' AND m.type IS DISTINCT FROM 'reaction') AS asked
    CROSS JOIN LATERAL (
        SELECT min(m.sent_at) AS sent_at FROM messages AS m
        WHERE m.contact_id = a.contact_id AND is_answer(m.direction, m.type, m.status) AND m.sent_at >= asked.sent_at) AS answer
    WHERE answer.sent_at IS NOT NULL
)
SELECT (SELECT count(*) FROM came) AS new, (SELECT count(*) FROM came WHERE status = 'converted') AS converted,
    (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FROM replied) AS first_reply_seconds


-- name: overview_value(city, owner)
-- What the open leads may bring: value times odds.
SELECT coalesce(sum(r.estimated_value
    * coalesce(r.predicted_close_probability, close_odds(r.status, r.chat_phase, r.lead_score))), 0) AS expected,
    count(*) AS leads
FROM lead_records AS r
WHERE r.deleted_at IS NULL AND r.estimated_value IS NOT NULL AND r.status IN ('new', 'qualified', 'contacted')
  AND (:city::text IS NULL OR lower(r.domisili) = lower(:city)) AND (:owner::text IS NULL OR r.owner = :owner)


-- name: overview_funnel(since, until, city, owner)
-- How far the leads of that time came: whoever is at a stage, or was, has reached it and those before.
WITH stages (status, place) AS (VALUES ('new', 1), ('qualified', 2), ('contacted', 3), ('converted', 4)),
reached AS (
    SELECT greatest(max(now.place), max(was.place), 1) AS place, bool_or(r.status = 'archived') AS is_lost
    FROM lead_records AS r
    LEFT JOIN stages AS now ON now.status = r.status
    LEFT JOIN lead_changes AS c ON c.lead_id = r.id AND c.field = 'status'
    LEFT JOIN stages AS was ON was.status = c.new #>> '{}'
    WHERE r.deleted_at IS NULL AND r.created_at >= :since AND r.created_at < :until
      AND (:city::text IS NULL OR lower(r.domisili) = lower(:city)) AND (:owner::text IS NULL OR r.owner = :owner)
    GROUP BY r.id
)
SELECT s.status, count(d.place) AS leads, count(d.place) FILTER (WHERE d.is_lost AND d.place = s.place) AS lost
FROM stages AS s LEFT JOIN reached AS d ON d.place >= s.place
GROUP BY s.status, s.place ORDER BY s.place


-- name: overview_weeks(since, zone, city, owner)
-- Leads by the week in which they came, its Monday in that time zone, and how warm they are now.
SELECT date_trunc('week', r.created_at AT TIME ZONE :zone)::date AS week,
    count(*) FILTER (WHERE r.lead_temperature = 'hot') AS hot, count(*) FILTER (WHERE r.lead_temperature = 'warm') AS warm,
    count(*) FILTER (WHERE r.lead_temperature = 'lukewarm') AS lukewarm,
    count(*) FILTER (WHERE coalesce(r.lead_temperature, 'cold') = 'cold') AS cold
FROM lead_records AS r
WHERE r.deleted_at IS NULL AND r.created_at >= :since
  AND (:city::text IS NULL OR lower(r.domisili) = lower(:city)) AND (:owner::text IS NULL OR r.owner = :owner)
GROUP BY week ORDER BY week


-- name: overview_cities(since, until, owner, limit)
SELECT r.domisili AS city, count(*) AS leads, count(*) FILTER (WHERE r.lead_temperature = 'hot') AS hot,
    count(*) FILTER (WHERE r.status = 'converted') AS converted
FROM lead_records AS r
WHERE r.deleted_at IS NULL AND r.created_at >= :since AND r.created_at < :until AND r.domisili IS NOT NULL
  AND (:owner::text IS NULL OR r.owner = :owner)
GROUP BY r.domisili ORDER BY leads DESC, city LIMIT :limit


-- name: overview_sources(since, until, city, owner, limit)
-- By the advertisement or product that their first such message names; null: they came by themselves.
SELECT came_from(r.contact_id) AS source, count(*) AS leads, count(*) FILTER (WHERE r.lead_temperature = 'hot') AS hot,
    count(*) FILTER (WHERE r.status = 'converted') AS converted
FROM lead_records AS r
WHERE r.deleted_at IS NULL AND r.created_at >= :since AND r.created_at < :until
  AND (:city::text IS NULL OR lower(r.domisili) = lower(:city)) AND (:owner::text IS NULL OR r.owner = :owner)
GROUP BY source ORDER BY leads DESC, source LIMIT :limit


-- name: overview_owners(since, until, city)
-- What each has: open now, waiting for us now, and who became a client in that time.
SELECT r.owner, count(*) FILTER (WHERE r.status IN ('new', 'qualified', 'contacted')) AS open,
    count(*) FILTER (WHERE c.waiting_since IS NOT NULL AND r.status IN ('new', 'qualified', 'contacted')) AS waiting,
    count(*) FILTER (WHERE r.status = 'converted' AND r.converted_at >= :since AND r.converted_at < :until) AS converted
FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
WHERE r.deleted_at IS NULL AND r.owner IS NOT NULL AND (:city::text IS NULL OR lower(r.domisili) = lower(:city))
GROUP BY r.owner ORDER BY open DESC, r.owner


-- name: overview_waiting(city, owner)
-- Who waits for us now, by how long: less than an hour, four hours, a day, a week, or longer.
SELECT width_bucket(extract(epoch FROM now() - c.waiting_since), ARRAY[3600, 14400, 86400, 604800]) AS age, count(*) AS leads
FROM contacts AS c JOIN lead_records AS r ON r.contact_id = c.id
WHERE c.waiting_since IS NOT NULL AND r.deleted_at IS NULL AND r.status IN ('new', 'qualified', 'contacted')
  AND (:city::text IS NULL OR lower(r.domisili) = lower(:city)) AND (:owner::text IS NULL OR r.owner = :owner)
GROUP BY age ORDER BY age


-- name: overview_words(since, until, city, owner, limit)
-- What troubles the leads of that time, and what they hold against it.
WITH came AS (
    SELECT r.pain_points, r.objection_raised FROM lead_records AS r
    WHERE r.deleted_at IS NULL AND r.created_at >= :since AND r.created_at < :until
      AND (:city::text IS NULL OR lower(r.domisili) = lower(:city)) AND (:owner::text IS NULL OR r.owner = :owner)
), counted AS (
    SELECT 'pain_points' AS field, p.words, count(*) AS leads FROM came AS a CROSS JOIN unnest(a.pain_points) AS p (words)
    GROUP BY p.words
    UNION ALL
    SELECT 'objection_raised', a.objection_raised, count(*) FROM came AS a WHERE a.objection_raised IS NOT NULL
    GROUP BY a.objection_raised
)
SELECT ranked.field, ranked.words, ranked.leads FROM (
    SELECT c.field, c.words, c.leads, row_number() OVER (PARTITION BY c.field ORDER BY c.leads DESC, c.words) AS place
    FROM counted AS c) AS ranked
WHERE ranked.place <= :limit ORDER BY ranked.field, ranked.place


-- name: overview_ai_counts(since)
SELECT count(*) AS changes, count(DISTINCT c.lead_id) AS leads FROM lead_changes AS c
WHERE c.changed_at >= :since AND c.source = 'ai'


-- name: overview_ai_read(since)
SELECT coalesce(sum(e.read), 0)::bigint AS read FROM extraction_runs AS e WHERE e.began_at >= :since


-- name: overview_ai_changes(since, fields, limit)
-- The newest, with whether what AI set still stands: only that can be taken back.
SELECT c.id, c.lead_id, coalesce(r.name, p.name, r.phone, p.phone, '@' || p.username) AS who, c.field, c.old, c.new, c.quote,
    c.changed_at, c.id = (
        SELECT max(n.id) FROM lead_changes AS n WHERE n.lead_id = c.lead_id AND n.field = c.field) AS stands
FROM lead_changes AS c JOIN lead_records AS r ON r.id = c.lead_id AND r.deleted_at IS NULL
JOIN contacts AS p ON p.id = r.contact_id
WHERE c.changed_at >= :since AND c.source = 'ai' AND c.field = ANY (:fields::text[])
ORDER BY c.id DESC LIMIT :limit
