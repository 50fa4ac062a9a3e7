-- All names by which (but numbers that have passed to somebody else) a contact, its messages and its conversations can come again.
-- $1 contact id
SELECT 'person' AS kind, s.handle AS name FROM sightings AS s WHERE s.contact_id = $1 AND s.handle <> '' AND s.held
UNION SELECT 'person', s.bsuid FROM sightings AS s WHERE s.contact_id = $1 AND s.bsuid <> ''
UNION SELECT 'person', i.value FROM contact_identities AS i WHERE i.contact_id = $1
UNION SELECT 'person', j.a FROM identity_joins AS j
      JOIN contact_identities AS i ON i.value IN (j.a, j.b) WHERE i.contact_id = $1
UNION SELECT 'person', j.b FROM identity_joins AS j
      JOIN contact_identities AS i ON i.value IN (j.a, j.b) WHERE i.contact_id = $1
UNION SELECT 'conversation', v.id::text FROM conversations AS v WHERE v.contact_id = $1
UNION SELECT 'message', m.id FROM messages AS m WHERE m.contact_id = $1
