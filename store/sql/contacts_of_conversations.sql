-- $1 conversation ids
SELECT DISTINCT contact_id FROM conversations WHERE id = ANY ($1::uuid[]) AND contact_id IS NOT NULL
