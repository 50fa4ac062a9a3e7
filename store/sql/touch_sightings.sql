-- Widen known sightings and say whose they are. What does not come back is new, contested or used in a new way, and
-- needs regrouping. `changed` is whether the contact's own columns may have to change with it.
-- $1..$14 sightings, column by column
WITH v AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::boolean[], $6::boolean[],
                         $7::boolean[], $8::text[], $9::timestamptz[], $10::text[], $11::timestamptz[], $12::text[],
                         $13::bigint[], $14::timestamptz[])
        AS v (handle, bsuid, first_at, last_at, as_wa_id, as_phone, as_parent, name, name_at, username, username_at,
              marketing_preference, marketing_sequence, marketing_preference_at)
), known AS (
    SELECT v.*, s.first_at AS old_first_at, s.name AS old_name, s.username AS old_username,
           s.marketing_sequence AS old_sequence, s.marketing_preference AS old_preference,
           s.marketing_preference_at AS old_preference_at
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
    username_at = greatest(s.username_at, v.username_at),
    marketing_preference = CASE WHEN s.marketing_sequence IS NULL
        OR (v.marketing_sequence, v.marketing_preference_at, v.marketing_preference)
         > (s.marketing_sequence, s.marketing_preference_at, s.marketing_preference)
        THEN v.marketing_preference ELSE s.marketing_preference END,
    marketing_preference_at = CASE WHEN s.marketing_sequence IS NULL
        OR (v.marketing_sequence, v.marketing_preference_at, v.marketing_preference)
         > (s.marketing_sequence, s.marketing_preference_at, s.marketing_preference)
        THEN v.marketing_preference_at ELSE s.marketing_preference_at END,
    marketing_sequence = greatest(s.marketing_sequence, v.marketing_sequence)
FROM known AS v
WHERE s.handle = v.handle AND s.bsuid = v.bsuid
RETURNING s.handle, s.bsuid, s.contact_id,
    NOT s.alone OR s.first_at <> v.old_first_at
    OR (s.name, s.username, s.marketing_sequence, s.marketing_preference, s.marketing_preference_at)
    IS DISTINCT FROM (v.old_name, v.old_username, v.old_sequence, v.old_preference, v.old_preference_at) AS changed
