-- name: new_joins(a, b, kind)
-- Those of the given joins that nobody has named before.
SELECT v.a, v.b, v.kind
FROM unnest(:a::text[], :b::text[], :kind::text[]) AS v (a, b, kind)
WHERE NOT EXISTS (SELECT FROM identity_joins AS j WHERE j.a = v.a AND j.b = v.b AND j.kind = v.kind)


-- name: touch_sightings(handle, bsuid, first_at, last_at, as_wa_id, as_phone, as_parent, name, name_at, username,
--     username_at)
-- Widen known sightings and say whose they are. What does not come back is new, contested or used in a new way, and
-- needs regrouping. `changed` is whether the contact's own columns may have to change with it. :handle..:username_at
-- sightings, column by column
WITH v AS (
    SELECT * FROM unnest(:handle::text[], :bsuid::text[], :first_at::timestamptz[],
                         :last_at::timestamptz[], :as_wa_id::boolean[], :as_phone::boolean[],
                         :as_parent::boolean[], :name::text[], :name_at::timestamptz[],
                         :username::text[], :username_at::timestamptz[])
        AS v (handle, bsuid, first_at, last_at, as_wa_id, as_phone, as_parent, name, name_at, username, username_at)
), known AS (
    SELECT v.*, s.first_at AS old_first_at, s.name AS old_name, s.username AS old_username
    FROM v JOIN sightings AS s USING (handle, bsuid)
    WHERE NOT s.contested
      AND s.as_wa_id >= v.as_wa_id AND s.as_phone >= v.as_phone AND s.as_parent >= v.as_parent
    ORDER BY handle, bsuid
    FOR NO KEY UPDATE OF s
)
UPDATE sightings AS s SET
    first_at = least(s.first_at, v.first_at),
    last_at = greatest(s.last_at, v.last_at),
    name = CASE WHEN s.name_at IS NULL OR (v.name_at, v.name) > (s.name_at, s.name) THEN v.name ELSE s.name END,
    name_at = greatest(s.name_at, v.name_at),
    username = CASE WHEN s.username_at IS NULL OR (v.username_at, v.username) > (s.username_at, s.username)
        THEN v.username ELSE s.username END,
    username_at = greatest(s.username_at, v.username_at)
FROM known AS v
WHERE s.handle = v.handle AND s.bsuid = v.bsuid
RETURNING s.handle, s.bsuid, s.contact_id,
    NOT s.alone OR s.first_at <> v.old_first_at
    OR (s.name, s.username) IS DISTINCT FROM (v.old_name, v.old_username) AS changed


-- name: insert_joins(a, b, kind)
INSERT INTO identity_joins (a, b, kind)
SELECT * FROM unnest(:a::text[], :b::text[], :kind::text[])
ON CONFLICT DO NOTHING


-- name: linked_names(names)
-- All names that are linked, over any number of steps, with the given ones.
WITH RECURSIVE linked (name) AS (
    SELECT unnest(:names::text[]) COLLATE "C"
    UNION
    SELECT next.name
    FROM linked AS l CROSS JOIN LATERAL (
        SELECT s.bsuid AS name FROM sightings AS s WHERE s.handle = l.name
        UNION ALL
        SELECT s.handle FROM sightings AS s WHERE s.bsuid = l.name AND s.bsuid <> ''
        UNION ALL
        SELECT j.b FROM identity_joins AS j WHERE j.a = l.name
        UNION ALL
        SELECT j.a FROM identity_joins AS j WHERE j.b = l.name
    ) AS next
    WHERE next.name <> ''
)
SELECT name FROM linked


-- name: sightings_of_names(names)
SELECT s.handle, s.bsuid, s.first_at, s.last_at, s.as_wa_id, s.as_phone, s.as_parent, s.contact_id
FROM unnest(:names::text[]) AS t (name) JOIN sightings AS s ON s.handle = t.name
WHERE s.handle <> ''
UNION
SELECT s.handle, s.bsuid, s.first_at, s.last_at, s.as_wa_id, s.as_phone, s.as_parent, s.contact_id
FROM unnest(:names::text[]) AS t (name) JOIN sightings AS s ON s.bsuid = t.name
WHERE s.bsuid <> ''


-- name: joins_of_names(names)
SELECT j.a, j.b, j.kind FROM unnest(:names::text[]) AS t (name) JOIN identity_joins AS j ON j.a = t.name
UNION
SELECT j.a, j.b, j.kind FROM unnest(:names::text[]) AS t (name) JOIN identity_joins AS j ON j.b = t.name


-- name: assign_contested_messages(handle, since, contact_id, contacts)
-- A message that names only a contested number goes to the person who held the number at that time; one without a time
-- goes to the first holder. :contacts whose messages are checked
WITH held AS (
    SELECT * FROM unnest(:handle::text[], :since::timestamptz[], :contact_id::uuid[]) AS v (handle, since, contact_id)
), settled AS (
    SELECT m.id, (
        SELECT h.contact_id FROM held AS h
        WHERE h.handle = m.named_as AND h.since <= coalesce(
            least(m.sent_at, m.delivered_at, m.read_at, m.failed_at), (SELECT min(f.since) FROM held AS f
                WHERE f.handle = h.handle))
        ORDER BY h.since DESC LIMIT 1) AS contact_id
    FROM messages AS m
    WHERE m.contact_id = ANY (:contacts::uuid[]) AND m.named_as IN (SELECT handle FROM held)
)
UPDATE messages AS m SET contact_id = s.contact_id
FROM settled AS s
WHERE m.id = s.id AND s.contact_id IS NOT NULL AND m.contact_id IS DISTINCT FROM s.contact_id


-- name: assign_contested_conversations(handle, since, contact_id, contacts)
-- A conversation that names only a contested number goes to the person who held the number at that time; one without a
-- time goes to the first holder. :contacts whose conversations are checked
WITH held AS (
    SELECT * FROM unnest(:handle::text[], :since::timestamptz[], :contact_id::uuid[]) AS v (handle, since, contact_id)
), settled AS (
    SELECT c.id, (
        SELECT h.contact_id FROM held AS h
        WHERE h.handle = c.named_as AND h.since <= coalesce(
            least(c.created_at, c.last_active_at), (SELECT min(f.since) FROM held AS f WHERE f.handle = h.handle))
        ORDER BY h.since DESC LIMIT 1) AS contact_id
    FROM conversations AS c
    WHERE c.contact_id = ANY (:contacts::uuid[]) AND c.named_as IN (SELECT handle FROM held)
)
UPDATE conversations AS c SET contact_id = s.contact_id
FROM settled AS s
WHERE c.id = s.id AND s.contact_id IS NOT NULL AND c.contact_id IS DISTINCT FROM s.contact_id
RETURNING c.id


-- name: insert_contacts(ids)
INSERT INTO contacts (id) SELECT unnest(:ids::uuid[]) ON CONFLICT (id) DO NOTHING


-- name: assign_sightings(handle, bsuid, contact_id, held, contested, replaced, alone)
UPDATE sightings AS s SET
    contact_id = v.contact_id, held = v.held, contested = v.contested, replaced = v.replaced, alone = v.alone
FROM unnest(:handle::text[], :bsuid::text[], :contact_id::uuid[], :held::boolean[], :contested::boolean[],
    :replaced::boolean[], :alone::boolean[])
    AS v (handle, bsuid, contact_id, held, contested, replaced, alone)
WHERE s.handle = v.handle AND s.bsuid = v.bsuid


-- name: delete_identities(contact_ids, kind, value)
-- The names of these contacts, and these names whosever they were.
DELETE FROM contact_identities AS i
USING (
    SELECT kind, value FROM contact_identities WHERE contact_id = ANY (:contact_ids::uuid[])
    UNION
    SELECT * FROM unnest(:kind::text[], :value::text[])
) AS v
WHERE i.kind = v.kind AND i.value = v.value


-- name: insert_identities(kind, value, contact_id)
INSERT INTO contact_identities (kind, value, contact_id)
SELECT * FROM unnest(:kind::text[], :value::text[], :contact_id::uuid[])


-- name: move_conversations(from_contact, to_contact)
UPDATE conversations AS c SET contact_id = v.into_id
FROM unnest(:from_contact::uuid[], :to_contact::uuid[]) AS v (from_id, into_id)
WHERE c.contact_id = v.from_id


-- name: move_messages(from_contact, to_contact)
UPDATE messages AS m SET contact_id = v.into_id
FROM unnest(:from_contact::uuid[], :to_contact::uuid[]) AS v (from_id, into_id)
WHERE m.contact_id = v.from_id


-- name: retire_contacts(old_id, contact_id)
-- Contacts that are somebody else now: their ids keep resolving.
WITH merged AS (
    SELECT * FROM unnest(:old_id::uuid[], :contact_id::uuid[]) AS v (old_id, contact_id)
), chained AS (
    UPDATE contact_aliases AS a SET contact_id = m.contact_id FROM merged AS m WHERE a.contact_id = m.old_id
)
INSERT INTO contact_aliases (old_id, contact_id) SELECT old_id, contact_id FROM merged


-- name: delete_contacts(ids)
DELETE FROM contacts WHERE id = ANY (:ids::uuid[])
