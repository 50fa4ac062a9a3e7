-- $1 how far back
SELECT * FROM lag_samples WHERE at > now() - $1::interval ORDER BY at
