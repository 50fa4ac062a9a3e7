-- name: owner_rules
-- In the order in which they apply
SELECT o.* FROM owner_rules AS o ORDER BY o.kind = 'everybody', o.id


-- name: insert_owner_rule(kind, value, owners, made_by)
-- Nothing comes back where an owner can't look after leads
INSERT INTO owner_rules (kind, value, owners, made_by)
SELECT :kind, :value, :owners::text[], :made_by
WHERE NOT EXISTS (SELECT FROM unnest(:owners::text[]) AS w (name) WHERE w.name NOT IN (SELECT o.name FROM lead_owners AS o))
RETURNING id


-- name: delete_owner_rule(id)
DELETE FROM owner_rules AS o WHERE o.id = :id


-- name: leads_to_give(since, count)
-- New leads that never had an owner, each with the rule that fits it, the earliest first. A rule is skipped if none of
-- its users can look after leads any more. If there is a rule for a city, the rule for everybody waits until the chat
-- was read once, or five minutes. :since leads that were created before it are left out
SELECT g.lead_id, g.version, g.rule_id FROM (
    SELECT r.id AS lead_id, r.version, r.created_at, (
        SELECT o.id FROM owner_rules AS o
        WHERE r.created_at >= o.made_at
          AND EXISTS (SELECT FROM lead_owners AS w WHERE w.name = ANY (o.owners))
          AND CASE o.kind
                  WHEN 'city' THEN lower(r.domisili) = lower(o.value)
                  WHEN 'advertisement' THEN strpos(lower(came_from(r.contact_id)), lower(o.value)) > 0
                  ELSE r.read_to IS NOT NULL OR r.created_at < now() - interval '5 minutes'
                      OR NOT EXISTS (SELECT FROM owner_rules AS e WHERE e.kind = 'city')
              END
        ORDER BY o.kind = 'everybody', o.id LIMIT 1) AS rule_id
    FROM lead_records AS r
    WHERE r.created_at >= (SELECT greatest(:since, min(o.made_at)) FROM owner_rules AS o HAVING count(*) > 0)
      AND r.deleted_at IS NULL AND r.owner IS NULL AND r.status <> 'archived'
      AND NOT EXISTS (SELECT FROM lead_changes AS h WHERE h.lead_id = r.id AND h.field = 'owner')
) AS g
WHERE g.rule_id IS NOT NULL
ORDER BY g.created_at, g.lead_id LIMIT :count


-- name: next_owner(id)
-- Whose turn it is by a rule, of those who can look after leads; null where nobody can
SELECT (array_agg(w.name ORDER BY w.place))[1 + o.given % nullif(count(*), 0)]
FROM owner_rules AS o CROSS JOIN LATERAL unnest(o.owners) WITH ORDINALITY AS w (name, place)
WHERE o.id = :id AND w.name IN (SELECT u.name FROM lead_owners AS u)
GROUP BY o.given


-- name: count_turn(id)
UPDATE owner_rules AS o SET given = o.given + 1 WHERE o.id = :id
