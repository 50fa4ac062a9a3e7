-- name: ledger
SELECT t.token, t.erased_at FROM tombstones AS t ORDER BY t.token


-- name: restore_ledger(tokens, times)
-- Of a name that both know, the later time counts
INSERT INTO tombstones AS t (token, erased_at) SELECT * FROM unnest(:tokens::bytea[], :times::timestamptz[])
ON CONFLICT (token) DO UPDATE SET erased_at = greatest(t.erased_at, excluded.erased_at)


-- name: put_ledger_times(tokens, times)
UPDATE tombstones AS t SET erased_at = v.erased_at
FROM unnest(:tokens::bytea[], :times::timestamptz[]) AS v (token, erased_at) WHERE t.token = v.token


-- name: names_of_contacts(last_id, count)
-- Contacts behind one id, with all that tombstones may know them by. :last_id null for the first
SELECT c.id, c.first_seen_at,
    array(SELECT s.handle FROM sightings AS s WHERE s.contact_id = c.id AND s.handle <> ''
          UNION SELECT s.bsuid FROM sightings AS s WHERE s.contact_id = c.id AND s.bsuid <> ''
          UNION SELECT i.value FROM contact_identities AS i WHERE i.contact_id = c.id
          UNION SELECT v.id::text FROM conversations AS v WHERE v.contact_id = c.id) AS names
FROM contacts AS c WHERE :last_id::uuid IS NULL OR c.id > :last_id ORDER BY c.id LIMIT :count
