DROP TABLE saved_views;
ALTER TABLE lead_records DROP COLUMN owner, DROP COLUMN tags, DROP COLUMN snoozed_until, DROP COLUMN snoozed_at;
