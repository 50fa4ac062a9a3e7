SELECT u.name, u.role, u.created_at, u.disabled_at, max(s.seen_at) AS seen_at
FROM users AS u LEFT JOIN sessions AS s ON s.user_id = u.id
GROUP BY u.id ORDER BY u.name
