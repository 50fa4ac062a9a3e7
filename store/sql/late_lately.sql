-- How many rows of the last hour pushing should have brought and did not.
SELECT coalesce(sum(late), 0) FROM reconcile_runs WHERE ended_at > now() - interval '1 hour'
