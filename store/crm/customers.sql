-- name: customers_page(statuses, services, unsigned_year, served_before, city, count, skipped, newest_first)
-- A page of the customers that fit, the oldest or the newest first, and how many do (one row says so where the page is
-- empty). Null leaves a filter out. Without any, customers_oldest and customers_newest say the same sooner. :services
-- of which one fits, :unsigned_year a year for which they have not signed, :served_before last served before, :city in
-- lower case, :skipped how many to pass over, :newest_first whether the newest are first
WITH fitting AS (
    SELECT c.id, c.created_at FROM customer_list AS c
    WHERE (:statuses::text[] IS NULL OR c.status = ANY (:statuses))
      AND (:services::text[] IS NULL OR c.services && :services)
      AND (:unsigned_year::integer IS NULL OR NOT :unsigned_year = ANY (c.seasons))
      AND (:served_before::date IS NULL OR c.last_service_date < :served_before)
      AND (:city::text IS NULL OR lower(c.city) = :city)
), page AS (
    SELECT f.id FROM fitting AS f
    ORDER BY CASE WHEN :newest_first THEN f.created_at END DESC, f.created_at, f.id LIMIT :count OFFSET :skipped
)
SELECT c.*, t.total
FROM (SELECT count(*) AS total FROM fitting) AS t
    LEFT JOIN customer_list AS c ON c.id IN (SELECT p.id FROM page AS p)
ORDER BY CASE WHEN :newest_first THEN c.created_at END DESC, c.created_at, c.id


-- name: customers_newest(count, skipped)
-- A page of all customers, the newest first, and how many there are (one row says so where the page is empty): both out
-- of one index. :skipped how many to pass over
WITH page AS (
    SELECT r.id FROM lead_records AS r WHERE r.deleted_at IS NULL ORDER BY r.created_at DESC, r.id
        LIMIT :count OFFSET :skipped
)
SELECT c.*, t.total
FROM (SELECT count(*) AS total FROM lead_records AS r WHERE r.deleted_at IS NULL) AS t
    LEFT JOIN customer_list AS c ON c.id IN (SELECT p.id FROM page AS p)
ORDER BY c.created_at DESC, c.id


-- name: customers_oldest(count, skipped)
-- A page of all customers, the oldest first, and how many there are (one row says so where the page is empty): both out
-- of one index. :skipped how many to pass over
WITH page AS (
    SELECT r.id FROM lead_records AS r WHERE r.deleted_at IS NULL ORDER BY r.created_at, r.id
        LIMIT :count OFFSET :skipped
)
SELECT c.*, t.total
FROM (SELECT count(*) AS total FROM lead_records AS r WHERE r.deleted_at IS NULL) AS t
    LEFT JOIN customer_list AS c ON c.id IN (SELECT p.id FROM page AS p)
ORDER BY c.created_at, c.id


-- name: customer(id)
-- :id of a lead, also of one that was merged, or of its contact
SELECT c.* FROM customer_list AS c
WHERE c.id = coalesce((SELECT a.lead_id FROM lead_aliases AS a WHERE a.old_id = :id),
                      (SELECT r.id FROM lead_records AS r WHERE r.contact_id = :id), :id)


-- name: customers_matching(patterns, count, first, second, third)
-- Leads whose names, numbers and addresses hold all pieces. :patterns all of them (LIKE patterns), :count how many;
-- :first, :second, :third the longest pieces, one of them again where there are fewer: said by themselves, each of them
-- is looked for in the index
SELECT s.lead_id FROM lead_search AS s
WHERE s.words LIKE :first AND s.words LIKE :second AND s.words LIKE :third AND s.words LIKE ALL (:patterns::text[])
    AND EXISTS (SELECT FROM lead_records AS r WHERE r.id = s.lead_id AND r.deleted_at IS NULL)
LIMIT :count


-- name: customers_of(lead_ids)
-- :lead_ids in the order in which they are wanted
SELECT c.* FROM unnest(:lead_ids::uuid[]) WITH ORDINALITY AS w (id, place) JOIN customer_list AS c ON c.id = w.id
ORDER BY w.place


-- name: customers_named(numbers, email)
-- Leads under exactly that number or address. :numbers as +digits, :email e-mail in lower case (null: none)
SELECT r.id FROM contact_identities AS i JOIN lead_records AS r ON r.contact_id = i.contact_id
WHERE r.deleted_at IS NULL AND ((i.kind = 'phone' AND i.value = ANY (:numbers::text[])) OR (i.kind = 'email'
    AND i.value = :email))
UNION
SELECT r.id FROM lead_records AS r WHERE r.deleted_at IS NULL AND r.phone = ANY (:numbers::text[])
UNION
SELECT p.lead_id FROM customer_profiles AS p JOIN lead_records AS r ON r.id = p.lead_id
WHERE r.deleted_at IS NULL AND lower(p.email) = :email


-- name: end_request(caller, key, lead_id, suggested)
-- :lead_id the lead that came of it, :suggested what of it became suggestions
UPDATE idempotency_keys SET lead_id = :lead_id, suggested = :suggested::text[] WHERE caller = :caller AND key = :key


-- name: lead_came(lead, when)
-- An import says when a lead came.
UPDATE lead_records SET created_at = :when WHERE id = :lead


-- name: forget_requests
DELETE FROM idempotency_keys WHERE written_at < now() - interval '1 day'


-- name: remember_request(caller, key, asked_hash)
-- :asked_hash hash of what is asked; nothing comes back when that key was used before
INSERT INTO idempotency_keys (caller, key, asked) VALUES (:caller, :key, :asked_hash) ON CONFLICT DO NOTHING
    RETURNING key


-- name: remembered_request(caller, key)
SELECT asked, lead_id, suggested FROM idempotency_keys WHERE caller = :caller AND key = :key


-- name: leads_of_names(kinds, values, email)
-- The leads of people who are found under one of these names, who gave that number, or whose profile has that e-mail;
-- living ones first. :values (as in contact_identities), :email e-mail in lower case
SELECT id, deleted_at FROM (
    SELECT r.id, r.deleted_at
    FROM unnest(:kinds::text[], :values::text[]) AS n (kind, value)
        JOIN contact_identities AS i ON i.kind = n.kind AND i.value = n.value
        JOIN lead_records AS r ON r.contact_id = i.contact_id
    UNION
    SELECT r.id, r.deleted_at FROM lead_records AS r WHERE r.phone = ANY (:values::text[])
    UNION
    SELECT r.id, r.deleted_at FROM customer_profiles AS p JOIN lead_records AS r ON r.id = p.lead_id
        WHERE lower(p.email) = :email
) AS found
ORDER BY deleted_at IS NOT NULL, id


-- name: aim_of_customer_status(customer_status)
-- Where a lead is to be brought.
SELECT lead_status, was_converted, is_cold FROM customer_statuses WHERE customer_status = :customer_status AND is_aim
