-- A status that comes with the lead that goes was reached when that one reached it, not now.
-- $1 lead that goes, $2 lead that stays
UPDATE lead_records AS k SET
    status_changed_at = g.status_changed_at,
    converted_at = coalesce(g.converted_at, CASE WHEN k.status = 'converted' THEN k.converted_at END)
FROM unnest($1::uuid[], $2::uuid[]) AS v (gone, kept) JOIN lead_records AS g ON g.id = v.gone
WHERE k.id = v.kept AND k.status = g.status AND k.status <> 'new'
