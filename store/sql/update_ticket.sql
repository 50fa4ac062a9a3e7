-- $1 id, $2 subject, $3 status, $4 priority, $5 assignee
UPDATE tickets SET subject = $2, status = $3, priority = $4, assignee = $5, version = version + 1, updated_at = now(),
    solved_at = CASE WHEN $3 IN ('solved', 'closed') THEN coalesce(solved_at, now()) END
WHERE id = $1
