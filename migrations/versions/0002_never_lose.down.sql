ALTER TABLE deliveries DROP CONSTRAINT deliveries_counts;
ALTER TABLE dead_letters DROP COLUMN code_version;
DROP TABLE vanished_contacts, reconcile_runs, gaps, cursors, replays, alarms, drains, spill, mirror;
DROP INDEX dead_letters_by_fingerprint;
