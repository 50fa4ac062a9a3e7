-- What was found long ago. $1 before
WITH runs AS (DELETE FROM reconcile_runs WHERE ended_at < $1)
DELETE FROM gaps WHERE closed_at < $1
