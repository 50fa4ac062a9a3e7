-- A page of the customers that fit, the newest first, and how many do (one row says so where the page is empty). Null leaves a
-- filter out. Without any, customers_newest says the same sooner.
-- $1 statuses, $2 services of which one fits, $3 a year for which they have not signed, $4 last served before,
-- $5 city in lower case, $6 how many, $7 how many to pass over
WITH fitting AS (
    SELECT c.id, c.created_at FROM customer_list AS c
    WHERE ($1::text[] IS NULL OR c.status = ANY ($1))
      AND ($2::text[] IS NULL OR c.services && $2)
      AND ($3::integer IS NULL OR NOT $3 = ANY (c.seasons))
      AND ($4::date IS NULL OR c.last_service_date < $4)
      AND ($5::text IS NULL OR lower(c.city) = $5)
), page AS (
    SELECT f.id FROM fitting AS f ORDER BY f.created_at DESC, f.id LIMIT $6 OFFSET $7
)
SELECT c.*, t.total
FROM (SELECT count(*) AS total FROM fitting) AS t
    LEFT JOIN customer_list AS c ON c.id IN (SELECT p.id FROM page AS p)
ORDER BY c.created_at DESC, c.id
