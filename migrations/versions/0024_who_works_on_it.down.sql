DROP TABLE owner_rules;
DROP TABLE saved_views;
ALTER TABLE lead_records DROP COLUMN owner, DROP COLUMN tags, DROP COLUMN snoozed_until, DROP COLUMN snoozed_after;
ALTER TABLE contacts DROP COLUMN questions;
ALTER TABLE next_steps DROP COLUMN done_at, DROP COLUMN done_by;
COMMENT ON TABLE lead_search IS 'Names, @username, e-mail and all numbers of each lead as a search compares them. Kept by triggers, so that no release can forget to.';
