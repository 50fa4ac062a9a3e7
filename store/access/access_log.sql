-- name: insert_looks(when, who, action, filter, seen, whom)
-- :action what they did, :filter (JSON), :seen how many they saw, :whom (a JSON list; null: too many)
INSERT INTO access_log (at, actor, action, filter, shown, lead_ids)
SELECT v.at, v.actor, v.action, v.filter::jsonb, v.shown,
    CASE WHEN v.ids IS NOT NULL THEN ARRAY(SELECT jsonb_array_elements_text(v.ids::jsonb)::uuid) END
FROM unnest(:when::timestamptz[], :who::text[], :action::text[], :filter::text[], :seen::integer[], :whom::text[])
    AS v (at, actor, action, filter, shown, ids)


-- name: newest_looks(count)
SELECT a.at, a.actor, a.action, a.filter, a.shown, a.lead_id FROM access_log AS a ORDER BY a.at DESC, a.id DESC
    LIMIT :count


-- name: prune_looks(before)
DELETE FROM access_log WHERE at < :before
