-- Who decided stays said of one that then could not be carried out.
-- $1 id, $2 status, $3 approved content (null unless modified), $4 who, $5 reason, $6 error
UPDATE next_steps SET status = $2, approved_content = coalesce($3::jsonb, approved_content),
    decided_by = CASE WHEN $2 = 'FAILED' THEN decided_by ELSE $4 END,
    decided_at = CASE WHEN $2 = 'FAILED' THEN decided_at ELSE now() END,
    decision_reason = coalesce($5, decision_reason), error = $6
WHERE id = $1 RETURNING *
