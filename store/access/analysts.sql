-- name: is_analyst(name)
-- Returns null if there is no such role, and false if `mirror analyst-role` did not create it.
SELECT coalesce(shobj_description(r.oid, 'pg_authid') = 'An analyst of the Kapso mirror', false)
FROM pg_roles AS r WHERE r.rolname = :name


-- name: analyst_statements(name, password, relations, left_out)
-- Returns the statements in order. With a null password, no password is set. :left_out columns are not granted.
SELECT s.text FROM (
    SELECT 1 AS place, format('CREATE ROLE %I LOGIN', :name::text) AS text
    WHERE NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = :name)
    UNION ALL SELECT 2, format('COMMENT ON ROLE %I IS ''An analyst of the Kapso mirror''', :name::text)
    UNION ALL SELECT 3, format('ALTER ROLE %I PASSWORD %L', :name::text, :password::text) WHERE :password::text IS NOT NULL
    UNION ALL SELECT 4, format('ALTER ROLE %I CONNECTION LIMIT 10', :name::text)
    UNION ALL SELECT 5, format('ALTER ROLE %I SET default_transaction_read_only = on', :name::text)
    UNION ALL SELECT 6, format('ALTER ROLE %I SET statement_timeout = ''5min''', :name::text)
    UNION ALL SELECT 7, format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), :name::text)
    UNION ALL SELECT 8, format('GRANT USAGE ON SCHEMA public TO %I', :name::text)
    UNION ALL SELECT 9, format('REVOKE ALL ON ALL TABLES IN SCHEMA public FROM %I', :name::text)
    UNION ALL SELECT 10, format('GRANT SELECT ON %s TO %I', string_agg(format('public.%I', c.relname), ', '), :name::text)
    FROM pg_class AS c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND c.relname = ANY (:relations::text[])
      AND NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = ANY (:left_out::text[]))
    UNION ALL SELECT 11, format('GRANT SELECT (%s) ON public.%I TO %I', string_agg(format('%I', a.attname), ', '), c.relname,
        :name::text)
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY (:relations::text[])
      AND EXISTS (SELECT FROM pg_attribute AS b WHERE b.attrelid = c.oid AND b.attname = ANY (:left_out::text[]))
      AND a.attname <> ALL (:left_out::text[])
    GROUP BY c.relname
) AS s ORDER BY s.place


-- name: analyst_end_statements(name)
SELECT s.text FROM (
    SELECT 1 AS place, format('DROP OWNED BY %I', :name::text) AS text
    UNION ALL SELECT 2, format('DROP ROLE %I', :name::text)
) AS s ORDER BY s.place
