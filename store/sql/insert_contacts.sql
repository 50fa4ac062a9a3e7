-- $1 ids
INSERT INTO contacts (id) SELECT unnest($1::uuid[]) ON CONFLICT (id) DO NOTHING
