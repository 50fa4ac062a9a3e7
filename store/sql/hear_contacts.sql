-- Something of these conversations came in that no message carried: a bot's event, a handover, metadata.
-- $1 conversation ids, $2 contacts that are locked
UPDATE contacts AS c SET heard_at = clock_timestamp()
WHERE c.id = ANY ($2::uuid[]) AND c.id IN (SELECT v.contact_id FROM conversations AS v WHERE v.id = ANY ($1::uuid[]))
