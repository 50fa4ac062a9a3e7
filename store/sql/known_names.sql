-- Which of these names the mirror has met. $1 names
SELECT n.name FROM unnest($1::text[]) AS n (name)
WHERE EXISTS (SELECT FROM sightings AS s WHERE s.handle = n.name)
   OR EXISTS (SELECT FROM sightings AS s WHERE s.bsuid = n.name AND s.bsuid <> '')
