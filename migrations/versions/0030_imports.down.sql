DROP INDEX lead_changes_by_import;
DROP TABLE imports;
