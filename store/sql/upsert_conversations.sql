-- $1..$12 conversations, column by column, in the order of their keys, $13 contact_id
INSERT INTO conversations AS c (id, named_as, phone_number_id, status, state_at, created_at, last_active_at, ended_at,
    metadata, metadata_at, metadata_received_at, metadata_tie, contact_id)
SELECT v.id, v.named_as, v.phone_number_id, v.status, v.state_at, v.created_at, v.last_active_at, v.ended_at,
       v.metadata::jsonb, v.metadata_at, v.metadata_received_at, v.metadata_tie, v.contact_id
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[],
            $8::timestamptz[], $9::text[], $10::timestamptz[], $11::timestamptz[], $12::bigint[], $13::uuid[])
    AS v (id, named_as, phone_number_id, status, state_at, created_at, last_active_at, ended_at,
          metadata, metadata_at, metadata_received_at, metadata_tie, contact_id)
ON CONFLICT (id) DO UPDATE SET
    named_as = greatest(c.named_as, excluded.named_as),
    contact_id = CASE WHEN c.named_as IS NULL OR excluded.named_as >= c.named_as
        THEN coalesce(excluded.contact_id, c.contact_id) ELSE c.contact_id END,
    phone_number_id = greatest(c.phone_number_id, excluded.phone_number_id),
    status = CASE WHEN c.state_at IS NULL OR (excluded.state_at, excluded.status) > (c.state_at, c.status)
        THEN excluded.status ELSE c.status END,
    ended_at = CASE WHEN c.state_at IS NULL OR (excluded.state_at, excluded.status) > (c.state_at, c.status)
        THEN excluded.ended_at ELSE c.ended_at END,
    state_at = greatest(c.state_at, excluded.state_at),
    created_at = least(c.created_at, excluded.created_at),
    last_active_at = greatest(c.last_active_at, excluded.last_active_at),
    metadata = CASE WHEN c.metadata_at IS NULL
        OR (excluded.metadata_at, excluded.metadata_received_at, excluded.metadata_tie)
         > (c.metadata_at, c.metadata_received_at, c.metadata_tie)
        THEN excluded.metadata ELSE c.metadata END,
    metadata_received_at = CASE WHEN c.metadata_at IS NULL
        OR (excluded.metadata_at, excluded.metadata_received_at, excluded.metadata_tie)
         > (c.metadata_at, c.metadata_received_at, c.metadata_tie)
        THEN excluded.metadata_received_at ELSE c.metadata_received_at END,
    metadata_tie = CASE WHEN c.metadata_at IS NULL
        OR (excluded.metadata_at, excluded.metadata_received_at, excluded.metadata_tie)
         > (c.metadata_at, c.metadata_received_at, c.metadata_tie)
        THEN excluded.metadata_tie ELSE c.metadata_tie END,
    metadata_at = greatest(c.metadata_at, excluded.metadata_at)
