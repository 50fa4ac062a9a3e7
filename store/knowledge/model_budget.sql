-- name: model_tokens
SELECT tokens FROM model_days WHERE day = (now() AT TIME ZONE 'UTC')::date


-- name: spend_tokens(tokens)
INSERT INTO model_days (day, requests, tokens) VALUES ((now() AT TIME ZONE 'UTC')::date, 1, :tokens)
ON CONFLICT (day) DO UPDATE SET requests = model_days.requests + 1, tokens = model_days.tokens + excluded.tokens
