-- Stored bodies of a window that may be about a person. Each of Kapso's own kind names the person or the conversation; the
-- forwarded Meta kind (without an event) may name a message only.
-- $1 names of the person and the conversations, $2 ids of messages, $3 received from, $4 to, $5 settled not before
SELECT d.received_at, d.id, d.event, d.body FROM deliveries AS d
WHERE d.received_at >= $3 AND d.received_at < $4 AND d.settled_at >= $5
  AND (EXISTS (SELECT FROM unnest($1::bytea[]) AS n (name) WHERE position(n.name IN d.body) > 0)
       OR d.event IS NULL
          AND EXISTS (SELECT FROM unnest($2::bytea[]) AS n (name) WHERE position(n.name IN d.body) > 0))
