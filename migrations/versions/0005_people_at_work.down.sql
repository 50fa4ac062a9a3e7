DROP TABLE lag_samples, api_keys;
DROP INDEX replays_waiting;
DELETE FROM replays WHERE state IN ('asked', 'failed') OR NOT go;
ALTER TABLE replays
    DROP COLUMN go, DROP COLUMN per_second, DROP COLUMN done, DROP COLUMN began_at, DROP COLUMN seen_at,
    DROP COLUMN cancel_asked_by, DROP COLUMN error,
    DROP CONSTRAINT replays_state_check,
    DROP CONSTRAINT replays_check,
    ADD CONSTRAINT replays_state_check CHECK (state IN ('running', 'done', 'cancelled')),
    ADD CONSTRAINT replays_check CHECK ((state = 'running') = (ended_at IS NULL));
DROP INDEX contacts_waiting;
DROP TABLE lead_search;
COMMENT ON COLUMN lead_reads.read_at IS NULL;
