-- Whoever merges or splits contacts holds this lock alone; everybody else who writes mirrored rows shares it.
SELECT pg_advisory_xact_lock_shared(7209318)
