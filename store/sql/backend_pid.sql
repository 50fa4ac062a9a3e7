-- The server process that answers; a pooler makes it another one than the connection's.
SELECT pg_backend_pid()
