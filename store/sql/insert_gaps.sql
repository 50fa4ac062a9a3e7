-- A window that was read again before its newest failure is open again.
-- $1 phone number id, $2 since, $3 until, $4 failed at
INSERT INTO gaps AS g (phone_number_id, since, until, failed_at)
SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[])
ON CONFLICT (phone_number_id, since, until) DO UPDATE SET
    failed_at = excluded.failed_at, closed_at = CASE WHEN g.closed_at < excluded.failed_at THEN NULL ELSE g.closed_at END
WHERE g.failed_at < excluded.failed_at
