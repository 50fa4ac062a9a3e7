-- The migration that this database is at.
SELECT version_num FROM alembic_version
