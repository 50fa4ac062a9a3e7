-- $1 tokens
INSERT INTO model_days (day, requests, tokens) VALUES ((now() AT TIME ZONE 'UTC')::date, 1, $1)
ON CONFLICT (day) DO UPDATE SET requests = model_days.requests + 1, tokens = model_days.tokens + excluded.tokens
