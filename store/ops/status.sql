-- name: status(since)
-- What was settled lately. :since when
SELECT count(*) FILTER (WHERE source = 'push') AS settled,
       coalesce(sum(applied), 0)::bigint AS applied,
       coalesce(sum(ignored), 0)::bigint AS ignored,
       coalesce(sum(dead), 0)::bigint AS dead,
       coalesce(sum(dropped), 0)::bigint AS dropped,
       max(received_at) FILTER (WHERE source = 'push') AS last_received_at,
       max(settled_at) AS last_settled_at,
       count(*) FILTER (WHERE source = 'push' AND received_at > now() - interval '1 minute') AS last_minute,
       percentile_cont(ARRAY [0.5, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM settled_at - received_at) * 1000)
           FILTER (WHERE source = 'push' AND received_at > now() - interval '1 minute') AS freshness_ms
FROM deliveries
WHERE received_at > :since::timestamptz


-- name: drains
-- Each drain: when it was last seen, how far it has come, how late Kapso was.
SELECT shard, extract(epoch FROM now() - seen_at)::float8 AS seen_seconds, complete_to, kapso_seconds
FROM drains ORDER BY shard


-- name: open_letters
-- Dead letters that nobody has looked after, by kind.
SELECT error_kind AS kind, count(*) AS open, extract(epoch FROM now() - min(first_failed_at))::float8 AS oldest_seconds,
       (array_agg(error ORDER BY last_failed_at DESC))[1] AS newest
FROM dead_letters WHERE state = 'open'
GROUP BY error_kind
ORDER BY max(last_failed_at) DESC


-- name: verified_to
-- Up to when polling has compared everything; null where it never ran.
SELECT verified_to FROM mirror_freshness


-- name: chats_status
-- How reading chats and the leads are doing, in one row.
SELECT extract(epoch FROM now() - r.began_at)::float8 AS began_seconds,
       r.due, r.read, r.changed, r.error, r.model_per_minute,
       (SELECT count(*) FROM model_readings WHERE is_due) AS for_model,
       (SELECT extract(epoch FROM now() - min(heard_at)) FROM model_readings WHERE is_due)::float8 AS for_model_seconds,
       coalesce((SELECT m.tokens FROM model_days AS m WHERE m.day = (now() AT TIME ZONE 'UTC')::date),
           0) AS tokens_today,
       (SELECT count(*) FROM lead_records) AS leads,
       (SELECT count(*) FROM lead_records WHERE lead_temperature = 'hot') AS hot,
       (SELECT count(*) FROM lead_records WHERE lead_temperature = 'warm') AS warm,
       (SELECT count(*) FROM lead_records WHERE chat_phase IN ('B', 'C', 'D')) AS known
FROM (SELECT 1) AS always
LEFT JOIN LATERAL (SELECT * FROM extraction_runs ORDER BY began_at DESC LIMIT 1) AS r ON true


-- name: unrecognized_facts(count)
-- The most frequent first.
SELECT name, readings FROM unrecognized_facts ORDER BY readings DESC, name LIMIT :count


-- name: erasures_begun
-- Unfinished erasures that made no progress in the last ten minutes.
SELECT contact_id, begun_at FROM erasures WHERE greatest(begun_at, told_at) < now() - interval '10 minutes'
    ORDER BY begun_at


-- name: oddities
-- What is kept though it is not as it should be, counted up to 10,000: messages of nobody, and the numbers of which
-- WhatsApp named an error in the last hour.
SELECT (SELECT count(*) FROM (SELECT FROM messages WHERE contact_id IS NULL AND group_id IS NULL LIMIT 10000) AS m)
           AS without_contact,
       (SELECT array_agg(p.id || ': ' || left(coalesce(p.error ->> 'title', p.error ->> 'message',
           p.error ->> 'code', '?'), 120)
                         ORDER BY p.id)
        FROM phone_numbers AS p WHERE p.error_at > now() - interval '1 hour') AS number_errors
