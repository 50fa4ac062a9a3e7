-- name: owner_rules
-- In the order in which they apply
SELECT o.* FROM owner_rules AS o ORDER BY o.kind = 'everybody', o.id


-- name: insert_owner_rule(kind, value, owners, made_by)
-- Nothing comes back where an owner is no user
INSERT INTO owner_rules (kind, value, owners, made_by)
SELECT :kind, :value, :owners::text[], :made_by
WHERE NOT EXISTS (SELECT FROM unnest(:owners::text[]) AS w (name) LEFT JOIN users AS u ON u.name = w.name WHERE u.id IS NULL)
RETURNING id


-- name: delete_owner_rule(id)
DELETE FROM owner_rules AS o WHERE o.id = :id


-- name: leads_to_give(since, count)
-- Leads that came lately and were never anybody's, each with the rule that fits it. :since the earliest that are looked at
SELECT g.lead_id, g.rule_id FROM (
    SELECT r.id AS lead_id, (
        SELECT o.id FROM owner_rules AS o
        WHERE r.created_at >= o.made_at
          AND (o.kind = 'everybody'
               OR (o.kind = 'city' AND lower(r.domisili) = lower(o.value))
               OR (o.kind = 'advertisement' AND strpos(lower(came_from(r.contact_id)), lower(o.value)) > 0))
        ORDER BY o.kind = 'everybody', o.id LIMIT 1) AS rule_id
    FROM lead_records AS r
    WHERE r.created_at >= :since AND r.deleted_at IS NULL AND r.owner IS NULL AND r.status <> 'archived'
      AND NOT EXISTS (SELECT FROM lead_changes AS h WHERE h.lead_id = r.id AND h.field = 'owner')
) AS g
WHERE g.rule_id IS NOT NULL
LIMIT :count


-- name: next_owner(id)
-- Whose turn it is by a rule, of those who can still sign in; null where nobody can
UPDATE owner_rules AS o SET given = o.given + 1 WHERE o.id = :id
RETURNING (
    SELECT (array_agg(w.name ORDER BY w.place))[1 + (o.given - 1) % nullif(count(*), 0)]
    FROM unnest(o.owners) WITH ORDINALITY AS w (name, place) JOIN users AS u ON u.name = w.name AND u.disabled_at IS NULL
)
