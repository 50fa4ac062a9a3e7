DELETE FROM idempotency_keys WHERE written_at < now() - interval '1 day'
