-- $1 kind, $2 began, $3 since, $4 until, $5 checked, $6 equal, $7 missing, $8 repaired by field, $9 extra, $10 late, $11 error
INSERT INTO reconcile_runs (kind, began_at, ended_at, since, until, checked, equal, missing, repaired, extra, late, error)
VALUES ($1, $2, now(), $3, $4, $5, $6, $7, $8::jsonb, $9, $10, $11)
