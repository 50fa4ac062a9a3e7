-- Write profiles whole. $1 jsonb array of objects named like the columns; id is the lead's
INSERT INTO customer_profiles (lead_id, email, address, state, zip, services, seasons, last_service_date, source)
SELECT v.* FROM jsonb_to_recordset($1::jsonb) AS v (
    id uuid, email text, address text, state text, zip text, services text[], seasons integer[],
    last_service_date date, source text)
ON CONFLICT (lead_id) DO UPDATE SET
    email = excluded.email, address = excluded.address, state = excluded.state, zip = excluded.zip,
    services = excluded.services, seasons = excluded.seasons, last_service_date = excluded.last_service_date,
    source = excluded.source
