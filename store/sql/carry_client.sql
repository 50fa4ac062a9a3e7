-- The client, and being in sight, come with the lead that goes.
-- $1 lead that goes, $2 lead that stays
UPDATE lead_records AS k SET
    converted_to_client_id = coalesce(k.converted_to_client_id, g.converted_to_client_id),
    deleted_at = CASE WHEN g.deleted_at IS NOT NULL THEN k.deleted_at END
FROM unnest($1::uuid[], $2::uuid[]) AS v (gone, kept) JOIN lead_records AS g ON g.id = v.gone
WHERE k.id = v.kept
