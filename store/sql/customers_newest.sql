-- A page of all customers, the newest first, and how many there are (one row says so where the page is empty): both out of one
-- index. $1 how many, $2 how many to pass over
WITH page AS (
    SELECT r.id FROM lead_records AS r WHERE r.deleted_at IS NULL ORDER BY r.created_at DESC, r.id LIMIT $1 OFFSET $2
)
SELECT c.*, t.total
FROM (SELECT count(*) AS total FROM lead_records AS r WHERE r.deleted_at IS NULL) AS t
    LEFT JOIN customer_list AS c ON c.id IN (SELECT p.id FROM page AS p)
ORDER BY c.created_at DESC, c.id
