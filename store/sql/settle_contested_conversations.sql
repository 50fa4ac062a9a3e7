-- What names only a contested number belongs to whoever held it at that time; what has no time, to the first holder.
-- $1 handle, $2 since, $3 contact_id, $4 the contacts among whom to look
WITH held AS (
    SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::uuid[]) AS v (handle, since, contact_id)
), settled AS (
    SELECT c.id, (
        SELECT h.contact_id FROM held AS h
        WHERE h.handle = c.named_as AND h.since <= coalesce(
            least(c.created_at, c.last_active_at), (SELECT min(f.since) FROM held AS f WHERE f.handle = h.handle))
        ORDER BY h.since DESC LIMIT 1) AS contact_id
    FROM conversations AS c
    WHERE c.contact_id = ANY ($4::uuid[]) AND c.named_as IN (SELECT handle FROM held)
)
UPDATE conversations AS c SET contact_id = s.contact_id
FROM settled AS s
WHERE c.id = s.id AND s.contact_id IS NOT NULL AND c.contact_id IS DISTINCT FROM s.contact_id
RETURNING c.id
