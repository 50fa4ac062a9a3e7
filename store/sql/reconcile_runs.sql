-- $1 before this id, or null; $2 how many
SELECT * FROM reconcile_runs WHERE $1::bigint IS NULL OR id < $1 ORDER BY id DESC LIMIT $2
