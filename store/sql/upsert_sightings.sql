-- $1..$14 sightings, column by column, in the order of their keys
INSERT INTO sightings AS s (handle, bsuid, first_at, last_at, as_wa_id, as_phone, as_parent, name, name_at, username,
    username_at, marketing_preference, marketing_sequence, marketing_preference_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::boolean[], $6::boolean[],
                     $7::boolean[], $8::text[], $9::timestamptz[], $10::text[], $11::timestamptz[], $12::text[],
                     $13::bigint[], $14::timestamptz[])
ON CONFLICT (handle, bsuid) DO UPDATE SET
    first_at = least(s.first_at, excluded.first_at),
    last_at = greatest(s.last_at, excluded.last_at),
    as_wa_id = s.as_wa_id OR excluded.as_wa_id,
    as_phone = s.as_phone OR excluded.as_phone,
    as_parent = s.as_parent OR excluded.as_parent,
    name = CASE WHEN s.name_at IS NULL OR (excluded.name_at, excluded.name) > (s.name_at, s.name)
        THEN excluded.name ELSE s.name END,
    name_at = greatest(s.name_at, excluded.name_at),
    username = CASE WHEN s.username_at IS NULL OR (excluded.username_at, excluded.username) > (s.username_at, s.username)
        THEN excluded.username ELSE s.username END,
    username_at = greatest(s.username_at, excluded.username_at),
    marketing_preference = CASE WHEN s.marketing_sequence IS NULL
        OR (excluded.marketing_sequence, excluded.marketing_preference_at, excluded.marketing_preference)
         > (s.marketing_sequence, s.marketing_preference_at, s.marketing_preference)
        THEN excluded.marketing_preference ELSE s.marketing_preference END,
    marketing_preference_at = CASE WHEN s.marketing_sequence IS NULL
        OR (excluded.marketing_sequence, excluded.marketing_preference_at, excluded.marketing_preference)
         > (s.marketing_sequence, s.marketing_preference_at, s.marketing_preference)
        THEN excluded.marketing_preference_at ELSE s.marketing_preference_at END,
    marketing_sequence = greatest(s.marketing_sequence, excluded.marketing_sequence)
