-- Leads, and clients that nobody else has become. $1 ids
WITH gone AS (
    DELETE FROM lead_records WHERE id = ANY ($1::uuid[]) RETURNING converted_to_client_id
)
DELETE FROM clients AS c USING gone AS g
WHERE c.id = g.converted_to_client_id
  AND NOT EXISTS (SELECT FROM lead_records AS r WHERE r.converted_to_client_id = c.id AND r.id <> ALL ($1::uuid[]))
