-- name: saved_views(user_id)
-- Of one user, by name
SELECT v.id, v.name, v.query::text AS query FROM saved_views AS v WHERE v.user_id = :user_id ORDER BY lower(v.name), v.id


-- name: save_view(user_id, name, query)
-- A view of that name is replaced. Nothing is saved beyond 50 of a user.
INSERT INTO saved_views (user_id, name, query)
SELECT :user_id, :name, :query::jsonb
WHERE (SELECT count(*) FROM saved_views AS v WHERE v.user_id = :user_id AND v.name <> :name) < 50
ON CONFLICT (user_id, name) DO UPDATE SET query = excluded.query, saved_at = now()
RETURNING id


-- name: delete_view(user_id, id)
DELETE FROM saved_views AS v WHERE v.user_id = :user_id AND v.id = :id
