-- How reading chats and the leads are doing, in one row.
SELECT extract(epoch FROM now() - r.began_at)::float8 AS began_seconds,
       r.due, r.read, r.changed, r.error,
       coalesce((SELECT m.tokens FROM model_days AS m WHERE m.day = (now() AT TIME ZONE 'UTC')::date), 0) AS tokens_today,
       (SELECT count(*) FROM lead_records) AS leads,
       (SELECT count(*) FROM lead_records WHERE lead_temperature = 'hot') AS hot,
       (SELECT count(*) FROM lead_records WHERE lead_temperature = 'warm') AS warm,
       (SELECT count(*) FROM lead_records WHERE chat_phase IN ('B', 'C', 'D')) AS known
FROM (SELECT 1) AS always
LEFT JOIN LATERAL (SELECT * FROM extraction_runs ORDER BY began_at DESC LIMIT 1) AS r ON true
