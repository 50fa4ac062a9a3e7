ALTER TABLE extraction_runs DROP COLUMN model_per_minute;
DROP TABLE model_readings;

COMMENT ON TABLE lead_changes IS 'One row per changed field: the audit trail, the status history, and the answer to "why is this so". Nothing is ever changed or deleted here but by erasing a person.';
COMMENT ON COLUMN contacts.questions IS 'The number of messages of this contact that the mirror stored (is_question). It only rises: if it differs from a number that was read before, the contact has written since.';
COMMENT ON TABLE deliveries IS 'Every accepted POST, raw, with its books: events = applied + ignored + dead. A partition per day (UTC), dropped after the retention.';
