-- The lead of a note that has not been corrected yet. $1 id
SELECT n.lead_id FROM lead_notes AS n
WHERE n.id = $1 AND NOT EXISTS (SELECT FROM lead_notes AS c WHERE c.corrects = n.id)
FOR UPDATE
