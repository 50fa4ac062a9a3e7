-- Null before the first migration.
SELECT to_regclass('alembic_version')
