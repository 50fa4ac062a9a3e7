-- $1 before
DELETE FROM extraction_runs WHERE began_at < $1
