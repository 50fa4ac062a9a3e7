-- Leads whose names, numbers and addresses hold all pieces. $1 all of them (LIKE patterns), $2 how many; $3, $4, $5 the longest
-- pieces, one of them again where there are fewer: said by themselves, each of them is looked for in the index
SELECT s.lead_id FROM lead_search AS s
WHERE s.words LIKE $3 AND s.words LIKE $4 AND s.words LIKE $5 AND s.words LIKE ALL ($1::text[])
    AND EXISTS (SELECT FROM lead_records AS r WHERE r.id = s.lead_id AND r.deleted_at IS NULL)
LIMIT $2
