-- Windows that nobody has read again yet.
SELECT phone_number_id, since, until, failed_at FROM gaps WHERE closed_at IS NULL ORDER BY phone_number_id, since
