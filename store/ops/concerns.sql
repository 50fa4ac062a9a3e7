-- name: backend_pid
-- The server process that answers; a pooler makes it another one than the connection's.
SELECT pg_backend_pid()


-- name: schema_table
-- Null before the first migration.
SELECT to_regclass('alembic_version')


-- name: schema_version
-- The migration that this database is at.
SELECT version_num FROM alembic_version
