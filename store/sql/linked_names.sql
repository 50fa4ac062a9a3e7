-- All names that are linked, over any number of steps, with the given ones.
-- $1 names
WITH RECURSIVE linked (name) AS (
    SELECT unnest($1::text[]) COLLATE "C"
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
