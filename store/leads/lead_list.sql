-- name: lead_page(statuses, temperatures, phases, city, waiting, least_score, most_score, since, part, parts, among,
--     reader, reader_since, fields, trade, owners, tags, snoozed, created_since, origin, also_tags, last_recency,
--     last_received_rank, last_contact_id, count)
-- A page of the list, newest message first. The filter is that of matching_leads, null leaves one out; last_… recency,
-- received_rank and contact id of the last one seen, :count how many
SELECT l.*, (SELECT jsonb_object_agg(d.user_id, d.read_at) FROM lead_reads AS d WHERE d.lead_id = l.id) AS reads
FROM matching_leads(:statuses, :temperatures, :phases, :city, :waiting, :least_score, :most_score, :since, :part,
    :parts, :among, :reader, :reader_since, :fields,
    :trade, :owners, :tags, :snoozed, :created_since, :origin, :also_tags) AS l
WHERE :last_recency::timestamptz IS NULL OR (l.recency, l.received_rank, l.contact_id) < (:last_recency,
    :last_received_rank::timestamptz, :last_contact_id::uuid)
ORDER BY l.recency DESC, l.received_rank DESC, l.contact_id DESC
LIMIT :count


-- name: lead_page_oldest(statuses, temperatures, phases, city, waiting, least_score, most_score, since, part, parts,
--     among, reader, reader_since, fields, trade, owners, tags, snoozed, created_since, origin, also_tags,
--     last_recency, last_received_rank, last_contact_id, count)
-- A page of the list, oldest message first. The filter is that of matching_leads; last_…
-- recency, received_rank and contact id of the last one seen, :count how many
SELECT l.*, (SELECT jsonb_object_agg(d.user_id, d.read_at) FROM lead_reads AS d WHERE d.lead_id = l.id) AS reads
FROM matching_leads(:statuses, :temperatures, :phases, :city, :waiting, :least_score, :most_score, :since, :part,
    :parts, :among, :reader, :reader_since, :fields,
    :trade, :owners, :tags, :snoozed, :created_since, :origin, :also_tags) AS l
WHERE :last_recency::timestamptz IS NULL OR (l.recency, l.received_rank, l.contact_id) > (:last_recency,
    :last_received_rank::timestamptz, :last_contact_id::uuid)
ORDER BY l.recency, l.received_rank, l.contact_id
LIMIT :count


-- name: lead_page_waiting(statuses, temperatures, phases, city, waiting, least_score, most_score, since, part, parts,
--     among, reader, reader_since, fields, trade, owners, tags, snoozed, created_since, origin, also_tags, last_rank,
--     last_contact_id, count)
-- A page of the list: the leads that wait longest first, leads that do not wait last. The filter is that of matching_leads;
-- :last_rank and :last_contact_id waiting_rank and contact id of the last one seen, :count how many
SELECT l.*, (SELECT jsonb_object_agg(d.user_id, d.read_at) FROM lead_reads AS d WHERE d.lead_id = l.id) AS reads
FROM matching_leads(:statuses, :temperatures, :phases, :city, :waiting, :least_score, :most_score, :since, :part,
    :parts, :among, :reader, :reader_since, :fields,
    :trade, :owners, :tags, :snoozed, :created_since, :origin, :also_tags) AS l
WHERE :last_rank::timestamptz IS NULL OR (l.waiting_rank, l.contact_id) > (:last_rank, :last_contact_id::uuid)
ORDER BY l.waiting_rank, l.contact_id
LIMIT :count


-- name: lead_page_priority(statuses, temperatures, phases, city, waiting, least_score, most_score, since, part, parts,
--     among, reader, reader_since, fields, trade, owners, tags, snoozed, created_since, origin, also_tags, last_rank,
--     last_contact_id, count)
-- A page of the list, the best first. The filter is that of matching_leads; :last_rank and :last_contact_id
-- priority_rank and contact id of the last one seen, :count how many
SELECT l.*, (SELECT jsonb_object_agg(d.user_id, d.read_at) FROM lead_reads AS d WHERE d.lead_id = l.id) AS reads
FROM matching_leads(:statuses, :temperatures, :phases, :city, :waiting, :least_score, :most_score, :since, :part,
    :parts, :among, :reader, :reader_since, :fields,
    :trade, :owners, :tags, :snoozed, :created_since, :origin, :also_tags) AS l
WHERE :last_rank::integer IS NULL OR (l.priority_rank, l.contact_id) < (:last_rank, :last_contact_id::uuid)
ORDER BY l.priority_rank DESC, l.contact_id DESC
LIMIT :count


-- name: leads_spelled_like(name, count)
-- :name a name, perhaps mistyped, in lower case
SELECT * FROM leads_spelled_like(:name, :count)


-- name: lead_counts(statuses, temperatures, phases, city, waiting, least_score, most_score, since, part, parts, among,
--     reader, reader_since, fields, trade, owners, tags, snoozed, created_since, origin, also_tags)
-- The filter is that of matching_leads
SELECT l.status, l.lead_temperature AS temperature, l.chat_phase AS phase, l.awaiting_reply AS waiting,
    count(*) AS leads
FROM matching_leads(:statuses, :temperatures, :phases, :city, :waiting, :least_score, :most_score, :since, :part,
    :parts, :among, :reader, :reader_since, :fields,
    :trade, :owners, :tags, :snoozed, :created_since, :origin, :also_tags) AS l
GROUP BY 1, 2, 3, 4


-- name: lead_how_many(statuses, temperatures, phases, city, waiting, least_score, most_score, since, part, parts,
--     among, reader, reader_since, fields, trade, owners, tags, snoozed, created_since, origin, also_tags, count)
-- How many fit, but no more than so many are counted. The filter is that of matching_leads, :count the most
SELECT count(*) FROM (
    SELECT FROM matching_leads(:statuses, :temperatures, :phases, :city, :waiting, :least_score, :most_score, :since,
        :part, :parts, :among, :reader, :reader_since, :fields,
    :trade, :owners, :tags, :snoozed, :created_since, :origin, :also_tags) LIMIT :count) AS counted


-- name: lead_ids(statuses, temperatures, phases, city, waiting, least_score, most_score, since, part, parts, among,
--     reader, reader_since, fields, trade, owners, tags, snoozed, created_since, origin, also_tags)
-- All that fit, newest message first. The filter is that of matching_leads
SELECT l.id FROM matching_leads(:statuses, :temperatures, :phases, :city, :waiting, :least_score, :most_score,
    :since, :part, :parts, :among, :reader, :reader_since, :fields,
    :trade, :owners, :tags, :snoozed, :created_since, :origin, :also_tags) AS l
ORDER BY l.recency DESC, l.received_rank DESC, l.contact_id DESC


-- name: lead_export(lead_ids)
-- :lead_ids in the order in which they are wanted
SELECT l.* FROM unnest(:lead_ids::uuid[]) WITH ORDINALITY AS w (id, place) JOIN lead_list AS l ON l.id = w.id
ORDER BY w.place


-- name: lead_choices(statuses, temperatures, phases, city, waiting, least_score, most_score, since, part, parts, among,
--     reader, reader_since, fields, trade, owners, tags, snoozed, created_since, origin, also_tags, count)
-- What a menu offers: the most frequent cities, trades, owners and tags of the leads that fit, at most :count of each.
-- The filter is that of matching_leads
WITH fits AS (
    SELECT l.domisili, l.business_type, l.owner, l.tags
    FROM matching_leads(:statuses, :temperatures, :phases, :city, :waiting, :least_score, :most_score, :since, :part,
        :parts, :among, :reader, :reader_since, :fields,
        :trade, :owners, :tags, :snoozed, :created_since, :origin, :also_tags) AS l
), found AS (
    SELECT 'city' AS facet, f.domisili AS value, count(*) AS leads FROM fits AS f WHERE f.domisili IS NOT NULL GROUP BY 2
    UNION ALL
    SELECT 'trade', f.business_type, count(*) FROM fits AS f WHERE f.business_type IS NOT NULL GROUP BY 2
    UNION ALL
    SELECT 'owner', coalesce(f.owner, '-'), count(*) FROM fits AS f GROUP BY 2
    UNION ALL
    SELECT 'tag', t.tag, count(*) FROM fits AS f CROSS JOIN unnest(f.tags) AS t (tag) GROUP BY 2
)
SELECT r.facet, r.value, r.leads
FROM (SELECT f.*, row_number() OVER (PARTITION BY f.facet ORDER BY f.leads DESC, f.value) AS place FROM found AS f) AS r
WHERE r.place <= :count
ORDER BY r.facet, r.place


-- name: lead_owners
SELECT o.name FROM lead_owners AS o ORDER BY o.name


-- name: lead_values(statuses, temperatures, phases, city, waiting, least_score, most_score, since, part, parts, among,
--     reader, reader_since, fields, trade, owners, tags, snoozed, created_since, origin, also_tags)
-- How many leads stand at each status, and what they are worth together. The filter is that of matching_leads
SELECT l.status, count(*) AS leads, sum(l.estimated_value) AS value
FROM matching_leads(:statuses, :temperatures, :phases, :city, :waiting, :least_score, :most_score, :since, :part,
    :parts, :among, :reader, :reader_since, :fields,
    :trade, :owners, :tags, :snoozed, :created_since, :origin, :also_tags) AS l
GROUP BY l.status
