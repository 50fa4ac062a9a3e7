-- Who replays what, before the first event moves; who asks runs it themselves.
-- $1 asked by, $2 kind, $3 filter, $4 how many are planned
INSERT INTO replays (asked_by, kind, filter, planned) VALUES ($1, $2, $3::jsonb, $4) RETURNING id
