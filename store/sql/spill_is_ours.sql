-- One worker at a time empties the spill; whoever dies with the lock loses it, whoever hangs with it soon.
SELECT pg_try_advisory_xact_lock(7209319) AS ours, set_config('idle_in_transaction_session_timeout', '15s', true)
