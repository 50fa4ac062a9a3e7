ALTER TABLE model_readings ADD COLUMN tries smallint NOT NULL DEFAULT 0 CHECK (tries >= 0);
COMMENT ON COLUMN model_readings.tries IS 'How often the model could not answer since the rules read the chat last. After three times the chat waits for its next message.';
COMMENT ON COLUMN model_readings.lines IS 'The messages that the model read last: the id of each, a space, and a hash of its words. What it found there stands over the rules.';

CREATE INDEX notifications_of_alarm ON notifications (hook_id, (data ->> 'name'), id)
    WHERE state = 'waiting' AND lead_id IS NULL;
