-- name: check_postgres(extensions)
-- The server's version and state, and the rights of the role. :extensions are those that the mirror can use
SELECT current_setting('server_version') AS version, current_setting('server_version_num')::integer AS number,
    d.datname AS name, pg_encoding_to_char(d.encoding) AS encoding, pg_is_in_recovery() AS is_replica,
    current_setting('default_transaction_read_only')::boolean AS is_read_only, current_user AS role,
    coalesce(has_schema_privilege(current_user, current_schema(), 'CREATE'), false) AS may_create,
    current_schema() AS schema, pg_backend_pid() AS backend,
    (SELECT count(*) FROM pg_available_extensions AS e WHERE e.name = ANY (:extensions::text[])) AS extensions,
    to_regclass('alembic_version') IS NOT NULL AS has_schema, to_regclass('contacts') IS NOT NULL AS has_tables,
    (SELECT bool_and(has_table_privilege(current_user, t.oid, p.privilege))
     FROM (SELECT to_regclass('contacts') AS oid) AS t, unnest('{SELECT,INSERT,UPDATE,DELETE}'::text[]) AS p (privilege)
     WHERE t.oid IS NOT NULL) AS may_write
FROM pg_database AS d WHERE d.datname = current_database()


-- name: check_revision
-- The migration that this database is at
SELECT v.version_num FROM alembic_version AS v


-- name: still_there
SELECT true


-- name: count_losses(tables, columns)
-- How much each table holds, or each column of it (null: the whole table), in the order in which they are given
SELECT t.relation, t.attribute, count_values(t.relation, t.attribute) AS count
FROM unnest(:tables::text[], :columns::text[]) WITH ORDINALITY AS t (relation, attribute, place) ORDER BY t.place


-- name: check_users
SELECT count(*) FROM users AS u WHERE u.disabled_at IS NULL


-- name: check_drains
-- Counts the streams whose drain reported within 30 seconds.
SELECT count(*) FROM drains WHERE seen_at > now() - interval '30 seconds'


-- name: check_connections
-- How many connections the server allows to roles that are no superusers, and to this role; null if it has no limit.
SELECT current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer AS server,
    (SELECT nullif(r.rolconnlimit, -1) FROM pg_roles AS r WHERE r.rolname = current_user) AS role
