-- $1 id, $2 status, $3 approved content (null unless modified), $4 who, $5 reason, $6 error
UPDATE next_steps SET status = $2, approved_content = coalesce($3::jsonb, approved_content), decided_by = $4, decided_at = now(),
    decision_reason = coalesce($5, decision_reason), error = $6
WHERE id = $1 RETURNING *
