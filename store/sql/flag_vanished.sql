-- $1 ids of Kapso
INSERT INTO vanished_contacts (kapso_id) SELECT * FROM unnest($1::text[]) ON CONFLICT (kapso_id) DO NOTHING
