"""Postgres and Redis: rows come in, rows go out. Each table is written by one module; statements stand in sql/."""
