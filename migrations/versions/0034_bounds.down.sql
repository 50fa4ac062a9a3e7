DROP INDEX notifications_of_alarm;
ALTER TABLE model_readings DROP COLUMN tries;
COMMENT ON COLUMN model_readings.lines IS 'Ids of the messages that the model read last. What it found there stands over the rules.';
