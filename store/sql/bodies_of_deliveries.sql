-- Stored bodies that may be about a person, a page at a time in the order of the key. Each of Kapso's own kind names the
-- person or the conversation; the forwarded Meta kind (without an event) may name a message only.
-- $1 names of the person and the conversations, $2 ids of messages, $3 and $4 received_at and id of the last one seen,
-- $5 how many, $6 settled not before
SELECT d.received_at, d.id, d.event, d.body FROM deliveries AS d
WHERE (d.received_at, d.id) > ($3, $4::uuid) AND d.settled_at >= $6
  AND (EXISTS (SELECT FROM unnest($1::bytea[]) AS n (name) WHERE position(n.name IN d.body) > 0)
       OR d.event IS NULL
          AND EXISTS (SELECT FROM unnest($2::bytea[]) AS n (name) WHERE position(n.name IN d.body) > 0))
ORDER BY d.received_at, d.id LIMIT $5
