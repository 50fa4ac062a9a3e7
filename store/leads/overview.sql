-- name: overview_replies(since, until, city, owner, origin)
-- Counts the leads created in the period, all together (`is_all`) and by owner. `converted` are clients now, `replied` have an
-- answer of ours after their first message (reply_times), with the median of the time between. `unanswered` wrote more than a
-- day ago and have none; `lost_value` sums value times odds over those.
SELECT grouping(c.owner) = 1 AS is_all, c.owner, count(*) AS new, count(*) FILTER (WHERE c.status = 'converted') AS converted,
    count(f.answered_at) AS replied,
    extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY f.answered_at - f.asked_at)) AS first_reply_seconds,
    count(*) FILTER (WHERE f.answered_at IS NULL AND f.asked_at < :until - interval '1 day') AS unanswered,
    coalesce(sum(c.estimated_value * coalesce(c.predicted_close_probability, close_odds(c.status, c.chat_phase, c.lead_score)))
        FILTER (WHERE f.answered_at IS NULL AND f.asked_at < :until - interval '1 day'), 0) AS lost_value
FROM leads_of(:since, :until, :city, :owner, :origin) AS c
LEFT JOIN reply_times AS f ON f.contact_id = c.contact_id
GROUP BY GROUPING SETS ((), (c.owner))


-- name: fill_reply_times(since, count)
-- Computes first replies anew for contacts whose messages changed since they were computed, of leads created since then, at
-- most :count. Returns how many. Few contacts change in a minute; the others cost a comparison.
WITH due AS MATERIALIZED (
    SELECT c.id, coalesce(c.heard_at, '-infinity') AS heard_at
    FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id LEFT JOIN reply_times AS k ON k.contact_id = c.id
    WHERE r.created_at >= :since AND r.deleted_at IS NULL AND k.as_of IS DISTINCT FROM coalesce(c.heard_at, '-infinity')
    LIMIT :count
), filled AS (
    INSERT INTO reply_times AS f (contact_id, asked_at, answered_at, as_of)
    SELECT d.id, asked.sent_at, answer.sent_at, d.heard_at
    FROM due AS d
    CROSS JOIN LATERAL (
        SELECT min(m.sent_at) AS sent_at FROM messages AS m
        WHERE m.contact_id = d.id AND is_question(m.direction, m.type)) AS asked
    CROSS JOIN LATERAL (
        SELECT min(m.sent_at) AS sent_at FROM messages AS m
        WHERE m.contact_id = d.id AND is_answer(m.direction, m.type, m.status) AND m.sent_at >= asked.sent_at) AS answer
    ON CONFLICT (contact_id) DO UPDATE
        SET asked_at = excluded.asked_at, answered_at = excluded.answered_at, as_of = excluded.as_of
    RETURNING 1
)
SELECT count(*) FROM filled


-- name: overview_value(city, owner, origin, open)
-- Sums value times odds over the open leads that have a value.
SELECT coalesce(sum(r.estimated_value
    * coalesce(r.predicted_close_probability, close_odds(r.status, r.chat_phase, r.lead_score))), 0) AS expected,
    count(*) AS leads
FROM leads_of(NULL, NULL, :city, :owner, :origin) AS r
WHERE r.estimated_value IS NOT NULL AND r.status = ANY (:open::text[])


-- name: overview_funnel(since, until, city, owner, origin)
-- Counts the leads that reached each stage. A lead has reached the highest stage that it is or ever was in, and all before.
WITH stages (status, place) AS (VALUES ('new', 1), ('qualified', 2), ('contacted', 3), ('converted', 4)),
reached AS (
    SELECT greatest(max(now.place), max(was.place), 1) AS place, bool_or(r.status = 'archived') AS is_lost
    FROM leads_of(:since, :until, :city, :owner, :origin) AS r
    LEFT JOIN stages AS now ON now.status = r.status
    LEFT JOIN lead_changes AS c ON c.lead_id = r.id AND c.field = 'status'
    LEFT JOIN stages AS was ON was.status = c.new #>> '{}'
    GROUP BY r.id
)
SELECT s.status, count(d.place) AS leads, count(d.place) FILTER (WHERE d.is_lost AND d.place = s.place) AS lost
FROM stages AS s LEFT JOIN reached AS d ON d.place >= s.place
GROUP BY s.status, s.place ORDER BY s.place


-- name: overview_weeks(since, zone, city, owner, origin)
-- Counts leads by the week of their creation (the date of its Monday in the time zone) and by their temperature now.
SELECT date_trunc('week', r.created_at AT TIME ZONE :zone)::date AS week,
    count(*) FILTER (WHERE r.lead_temperature = 'hot') AS hot, count(*) FILTER (WHERE r.lead_temperature = 'warm') AS warm,
    count(*) FILTER (WHERE r.lead_temperature = 'lukewarm') AS lukewarm,
    count(*) FILTER (WHERE coalesce(r.lead_temperature, 'cold') = 'cold') AS cold
FROM leads_of(:since, NULL, :city, :owner, :origin) AS r
GROUP BY week ORDER BY week


-- name: overview_cities(since, until, city, owner, origin, limit)
SELECT r.domisili AS city, count(*) AS leads, count(*) FILTER (WHERE r.lead_temperature = 'hot') AS hot,
    count(*) FILTER (WHERE r.status = 'converted') AS converted
FROM leads_of(:since, :until, :city, :owner, :origin) AS r
WHERE r.domisili IS NOT NULL
GROUP BY r.domisili ORDER BY leads DESC, city LIMIT :limit


-- name: overview_origins(since, until, city, owner, origin, limit)
-- Counts leads by the advertisement or product that their first referring message names; null if none does. came_from is
-- called only for contacts that have such a message: for all others it would look in vain, one index scan each.
WITH referred AS (
    SELECT DISTINCT m.contact_id FROM messages AS m WHERE m.referral IS NOT NULL OR m.referred_product IS NOT NULL
)
SELECT CASE WHEN d.contact_id IS NOT NULL THEN came_from(r.contact_id) END AS origin, count(*) AS leads,
    count(*) FILTER (WHERE r.lead_temperature = 'hot') AS hot, count(*) FILTER (WHERE r.status = 'converted') AS converted
FROM leads_of(:since, :until, :city, :owner, :origin) AS r LEFT JOIN referred AS d ON d.contact_id = r.contact_id
GROUP BY origin ORDER BY leads DESC, origin LIMIT :limit


-- name: overview_owners(since, until, city, owner, origin, open)
-- Counts for each owner the leads that are open now, those of them that wait for us and are not snoozed, and the conversions
-- of the period.
SELECT r.owner, count(*) FILTER (WHERE r.status = ANY (:open::text[])) AS open,
    count(*) FILTER (WHERE c.waiting_since IS NOT NULL AND r.status = ANY (:open::text[])
        AND (standing_snooze(r.snoozed_until, r.snoozed_after, c.questions) > now()) IS NOT TRUE) AS waiting,
    count(*) FILTER (WHERE r.status = 'converted' AND r.converted_at >= :since AND r.converted_at < :until) AS converted
FROM leads_of(NULL, NULL, :city, :owner, :origin) AS r JOIN contacts AS c ON c.id = r.contact_id
WHERE r.owner IS NOT NULL
GROUP BY r.owner ORDER BY open DESC, r.owner


-- name: overview_waiting(city, owner, origin, open)
-- Counts the open leads that wait for us and are not snoozed, by how long, in one row, so that Postgres can share the work
-- between processes.
SELECT count(*) FILTER (WHERE w.waits < '1 hour') AS under_an_hour,
    count(*) FILTER (WHERE w.waits >= '1 hour' AND w.waits < '4 hours') AS hours_1_to_4,
    count(*) FILTER (WHERE w.waits >= '4 hours' AND w.waits < '1 day') AS hours_4_to_24,
    count(*) FILTER (WHERE w.waits >= '1 day' AND w.waits < '7 days') AS days_1_to_7,
    count(*) FILTER (WHERE w.waits >= '7 days') AS over_a_week
FROM (
    SELECT now() - c.waiting_since AS waits
    FROM leads_of(NULL, NULL, :city, :owner, :origin) AS r JOIN contacts AS c ON c.id = r.contact_id
    WHERE c.waiting_since IS NOT NULL AND r.status = ANY (:open::text[])
      AND (standing_snooze(r.snoozed_until, r.snoozed_after, c.questions) > now()) IS NOT TRUE) AS w


-- name: overview_words(since, until, city, owner, origin, limit)
-- Returns the most frequent pain points and objections.
WITH cohort AS (
    SELECT r.pain_points, r.objection_raised FROM leads_of(:since, :until, :city, :owner, :origin) AS r
), counted AS (
    SELECT 'pain_points' AS field, p.words, count(*) AS leads FROM cohort AS c CROSS JOIN unnest(c.pain_points) AS p (words)
    GROUP BY p.words
    UNION ALL
    SELECT 'objection_raised', c.objection_raised, count(*) FROM cohort AS c WHERE c.objection_raised IS NOT NULL
    GROUP BY c.objection_raised
)
SELECT ranked.field, ranked.words, ranked.leads FROM (
    SELECT c.field, c.words, c.leads, row_number() OVER (PARTITION BY c.field ORDER BY c.leads DESC, c.words) AS place
    FROM counted AS c) AS ranked
WHERE ranked.place <= :limit ORDER BY ranked.field, ranked.place


-- name: overview_ai_counts(since, fields, city, owner, origin)
SELECT count(*) AS changes, count(DISTINCT c.lead_id) AS leads
FROM lead_changes AS c JOIN leads_of(NULL, NULL, :city, :owner, :origin) AS r ON r.id = c.lead_id
WHERE c.changed_at >= :since AND c.source = 'ai' AND c.field = ANY (:fields::text[])


-- name: overview_ai_read(since)
SELECT coalesce(sum(e.read), 0)::bigint AS read FROM extraction_runs AS e WHERE e.began_at >= :since


-- name: overview_ai_changes(since, fields, city, owner, origin, limit)
-- Returns the newest changes by AI. `stands` is true if the field was not changed since: only such a change can be undone.
SELECT c.id, c.lead_id, coalesce(r.name, p.name, r.phone, p.phone, '@' || p.username) AS who, c.field, c.old, c.new, c.quote,
    c.changed_at, c.id = (
        SELECT max(n.id) FROM lead_changes AS n WHERE n.lead_id = c.lead_id AND n.field = c.field) AS stands
FROM lead_changes AS c JOIN leads_of(NULL, NULL, :city, :owner, :origin) AS r ON r.id = c.lead_id
JOIN contacts AS p ON p.id = r.contact_id
WHERE c.changed_at >= :since AND c.source = 'ai' AND c.field = ANY (:fields::text[])
ORDER BY c.id DESC LIMIT :limit
