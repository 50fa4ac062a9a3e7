-- $1..$6 project events, column by column, in the order of their keys
INSERT INTO project_events AS p (id, name, conversation_id, occurred_at, properties, properties_tie)
SELECT v.id, v.name, v.conversation_id, v.occurred_at, v.properties::jsonb, v.properties_tie
FROM unnest($1::text[], $2::text[], $3::uuid[], $4::timestamptz[], $5::text[], $6::bigint[])
    AS v (id, name, conversation_id, occurred_at, properties, properties_tie)
ON CONFLICT (id) DO UPDATE SET
    name = greatest(p.name, excluded.name),
    conversation_id = greatest(p.conversation_id, excluded.conversation_id),
    occurred_at = greatest(p.occurred_at, excluded.occurred_at),
    properties = CASE WHEN p.properties_tie IS NULL OR excluded.properties_tie > p.properties_tie
        THEN excluded.properties ELSE p.properties END,
    properties_tie = greatest(p.properties_tie, excluded.properties_tie)
