SELECT tokens FROM model_days WHERE day = (now() AT TIME ZONE 'UTC')::date
