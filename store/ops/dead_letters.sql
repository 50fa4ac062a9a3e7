-- name: dead_letters_page(state, event, kind, fingerprint, since, names, id, after_id, count)
-- The next dead letters by id, without their bodies. The filter is that of matching_dead_letters, :after_id after this
-- id, :count how many
SELECT id, delivery_id, position, received_at, event, idempotency_key, version, error_kind, error, fingerprint,
       code_version, attempts, first_failed_at, last_failed_at, state
FROM matching_dead_letters(:state, :event, :kind, :fingerprint, :since, :names, :id)
WHERE id > :after_id
ORDER BY id
LIMIT :count


-- name: dead_letter_body(id)
-- :id of a dead letter
SELECT dead_letter_body(d) FROM dead_letters AS d WHERE d.id = :id


-- name: dead_letter_groups(state, event, kind, fingerprint, since, names, id)
-- By cause, the largest group first.
SELECT fingerprint, error_kind, error, array_agg(DISTINCT coalesce(event, 'no event')) AS events, count(*) AS letters,
       min(first_failed_at) AS first_failed_at, max(last_failed_at) AS last_failed_at, min(id) AS example
FROM matching_dead_letters(:state, :event, :kind, :fingerprint, :since, :names, :id)
GROUP BY fingerprint, error_kind, error
ORDER BY letters DESC, fingerprint


-- name: count_dead_letters(state, event, kind, fingerprint, since, names, id)
SELECT count(*) FROM matching_dead_letters(:state, :event, :kind, :fingerprint, :since, :names, :id)


-- name: discard_dead_letters(state, event, kind, fingerprint, since, names, id)
-- The filter; only what is open is discarded
UPDATE dead_letters AS d SET state = 'discarded'
FROM matching_dead_letters(:state, :event, :kind, :fingerprint, :since, :names, :id) AS m
WHERE d.id = m.id AND d.state = 'open'


-- name: resolve_dead_letter(id)
-- The letter was replayed; nothing comes back where that was known before.
UPDATE dead_letters SET state = 'replayed' WHERE id = :id AND state <> 'replayed' RETURNING id


-- name: book_event_alive(received_at, id, applied, ignored)
-- One event of a delivery was dead, and is applied or ignored now. :ignored (1 and 0, or 0 and 1)
UPDATE deliveries SET applied = applied + :applied, ignored = ignored + :ignored, dead = dead - 1
WHERE received_at = :received_at AND id = :id


-- name: rebook_delivery(received_at, id, applied, ignored, dead)
-- The books of a delivery that was replayed as a whole.
UPDATE deliveries SET applied = :applied::integer, ignored = :ignored::integer, dead = :dead::integer,
    events = :applied::integer + :ignored::integer + :dead::integer
WHERE received_at = :received_at AND id = :id


-- name: resolve_delivery(delivery_id, positions)
-- The letters of a delivery that was replayed as a whole, but for the events that failed again. :positions that failed
UPDATE dead_letters SET state = 'replayed' WHERE delivery_id = :delivery_id
    AND position <> ALL (:positions::integer[]) AND state = 'open'


-- name: names_of_contact(names)
-- Every name of a contact that is given by its id or by one of its names, numbers without +. :names what it may be
-- called: an id or names
SELECT DISTINCT ltrim(i.value, '+') AS name
FROM contact_identities AS i
WHERE i.contact_id IN (
    SELECT c.contact_id FROM contact_identities AS c
    WHERE ltrim(c.value, '+') IN (SELECT ltrim(n.name, '+') FROM unnest(:names::text[]) AS n (name))
        OR c.contact_id::text = ANY (:names::text[])
    UNION SELECT a.contact_id FROM contact_aliases AS a WHERE a.old_id::text = ANY (:names::text[]))
UNION SELECT ltrim(n.name, '+') FROM unnest(:names::text[]) AS n (name)
