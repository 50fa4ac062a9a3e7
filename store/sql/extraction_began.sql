SELECT extract(epoch FROM now() - max(began_at))::float8 FROM extraction_runs
