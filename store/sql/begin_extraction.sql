INSERT INTO extraction_runs (began_at) VALUES (now()) RETURNING id
