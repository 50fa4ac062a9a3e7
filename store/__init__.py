"""Access to Postgres and Redis. The SQL statements are in .sql files beside the Python modules."""
