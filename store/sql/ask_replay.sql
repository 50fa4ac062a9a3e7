-- $1 asked by, $2 filter, $3 how many are planned, $4 whether to do it, $5 at most that many a second
INSERT INTO replays (asked_by, kind, filter, planned, go, per_second, state)
VALUES ($1, 'dead letters', $2::jsonb, $3, $4, $5, 'asked')
RETURNING id
