-- name: enable_media(is_on, age)
-- If this starts the triggers, also queues the files of messages that are not older than :age.
WITH changed AS (
    UPDATE mirror SET archives_media = :is_on WHERE archives_media <> :is_on RETURNING archives_media
)
INSERT INTO media_files (message_id)
SELECT m.id FROM messages AS m
WHERE (SELECT archives_media FROM changed) AND m.sent_at > now() - :age::interval AND m.media_url IS NOT NULL
  AND m.revoked_at IS NULL
ORDER BY m.id FOR KEY SHARE OF m SKIP LOCKED
ON CONFLICT DO NOTHING


-- name: claim_media(count, lease)
-- Claims due files, the longest due first. After :lease another worker may claim them.
WITH due AS (
    SELECT f.message_id FROM media_files AS f
    WHERE f.state = 'waiting' AND f.next_try_at <= now()
    ORDER BY f.next_try_at LIMIT :count FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE media_files AS f SET attempts = f.attempts + 1, next_try_at = now() + :lease::interval
    FROM due WHERE f.message_id = due.message_id RETURNING f.message_id, f.key, f.attempts
)
SELECT c.message_id, c.key, c.attempts, m.media_url, m.content ->> 'sha256'
FROM claimed AS c JOIN messages AS m ON m.id = c.message_id


-- name: media_kept(key, sha256, bytes, content_type)
-- Returns no row if the file was deleted, refused or expired meanwhile. If another worker has kept it already, returns one.
UPDATE media_files SET state = 'kept', kept_at = now(), sha256 = :sha256, bytes = :bytes, content_type = :content_type,
    error = NULL
WHERE key = :key AND state IN ('waiting', 'kept') RETURNING true


-- name: media_failed(key, url, error, seconds)
-- :seconds before the next attempt; null marks the file as refused. Changes nothing if the message has another URL meanwhile.
UPDATE media_files SET error = :error, state = CASE WHEN :seconds::float8 IS NULL THEN 'refused' ELSE 'waiting' END,
    next_try_at = now() + make_interval(secs => coalesce(:seconds::float8, 0))
WHERE key = :key AND state = 'waiting'
  AND EXISTS (SELECT FROM messages AS m WHERE m.id = message_id AND m.media_url = :url)


-- name: postpone_media(key, seconds)
UPDATE media_files SET attempts = greatest(attempts - 1, 0), next_try_at = now() + make_interval(secs => :seconds::float8)
WHERE key = :key AND state = 'waiting'


-- name: media_bytes_today
SELECT coalesce(sum(bytes), 0) FROM media_files WHERE state = 'kept' AND kept_at >= date_trunc('day', now(), 'UTC')


-- name: count_due_media
SELECT count(*) FROM media_files WHERE state = 'waiting' AND next_try_at <= now()


-- name: kept_media(message_id)
SELECT f.message_id, f.key, f.bytes, f.content_type, m.content ->> 'filename'
FROM media_files AS f JOIN messages AS m ON m.id = f.message_id
WHERE f.message_id = :message_id AND f.state = 'kept'


-- name: kept_media_of_person(contact_id, names)
-- :names also find what they sent to groups
SELECT f.message_id, f.key, f.bytes, f.content_type, m.content ->> 'filename'
FROM media_files AS f JOIN messages AS m ON m.id = f.message_id
WHERE (m.contact_id = :contact_id OR m.group_member = ANY (:names::text[])) AND f.state = 'kept' ORDER BY m.sent_at, m.id


-- name: expire_media(before, count)
-- The trigger queues the removal of each. Skips rows that another transaction is deleting.
WITH old AS (
    SELECT f.message_id FROM media_files AS f WHERE f.state = 'kept' AND f.kept_at < :before
    LIMIT :count FOR UPDATE SKIP LOCKED
), expired AS (
    UPDATE media_files AS f SET state = 'expired' FROM old WHERE f.message_id = old.message_id RETURNING 1
)
SELECT count(*) FROM expired


-- name: claim_media_removals(count, lease)
WITH due AS (
    SELECT r.id FROM media_removals AS r WHERE r.due_at <= now() ORDER BY r.due_at LIMIT :count FOR UPDATE SKIP LOCKED
)
UPDATE media_removals AS r SET due_at = now() + :lease::interval FROM due WHERE r.id = due.id RETURNING r.id, r.key


-- name: overdue_removals
SELECT count(DISTINCT key) FROM media_removals WHERE due_at < now() - interval '1 hour'


-- name: media_removed(id)
DELETE FROM media_removals WHERE id = :id
