-- One lead with its profile, to be changed. Waits for whoever changes it now.
-- $1 id, also of a lead that was merged into another, or of its contact
SELECT r.*, p.* FROM lead_records AS r LEFT JOIN customer_profiles AS p ON p.lead_id = r.id
WHERE r.id = coalesce((SELECT a.lead_id FROM lead_aliases AS a WHERE a.old_id = $1),
                      (SELECT k.id FROM lead_records AS k WHERE k.contact_id = $1), $1)
FOR NO KEY UPDATE OF r
