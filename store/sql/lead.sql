-- $1 id of a lead, also of one that was merged, or of its contact
SELECT l.* FROM leads AS l
WHERE l.id = coalesce((SELECT a.lead_id FROM lead_aliases AS a WHERE a.old_id = $1),
                      (SELECT r.id FROM lead_records AS r WHERE r.contact_id = $1), $1)
