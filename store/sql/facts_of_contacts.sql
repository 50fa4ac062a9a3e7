-- What the bot keeps of each chat, newest first: metadata, events, variables.
-- $1 contact ids
SELECT * FROM (
    SELECT c.contact_id, 'conversation metadata' AS origin, c.metadata_at AS at, c.metadata AS values,
        NULL::text AS event_id
    FROM conversations AS c
    WHERE c.contact_id = ANY ($1::uuid[]) AND c.metadata <> '{}'
    UNION ALL
    SELECT c.contact_id, 'project event ' || e.name, e.occurred_at, e.properties, e.id
    FROM conversations AS c JOIN project_events AS e ON e.conversation_id = c.id
    WHERE c.contact_id = ANY ($1::uuid[]) AND e.properties <> '{}'
    UNION ALL
    SELECT c.contact_id, 'workflow variables', w.status_at, v.variables, NULL
    FROM conversations AS c JOIN workflow_executions AS w ON w.conversation_id = c.id
    JOIN workflow_variables AS v ON v.execution_id = w.id
    WHERE c.contact_id = ANY ($1::uuid[]) AND v.variables <> '{}'
) AS f
ORDER BY f.contact_id, f.at DESC NULLS LAST, f.event_id
