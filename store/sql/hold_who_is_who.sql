-- Alone: nobody else writes mirrored rows until this transaction ends.
SELECT pg_advisory_xact_lock(7209318)
