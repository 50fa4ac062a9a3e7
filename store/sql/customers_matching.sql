-- Leads whose names, numbers and addresses hold all pieces. $1 the longest piece, $2 all of them (LIKE patterns), $3 how many
SELECT s.lead_id FROM lead_search AS s WHERE s.words LIKE $1 AND s.words LIKE ALL ($2::text[]) LIMIT $3
