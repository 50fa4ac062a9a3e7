-- $1 id of a lead, also of one that was merged, or of its contact
SELECT c.* FROM customer_list AS c
WHERE c.id = coalesce((SELECT a.lead_id FROM lead_aliases AS a WHERE a.old_id = $1),
                      (SELECT r.id FROM lead_records AS r WHERE r.contact_id = $1), $1)
