DROP TABLE media_removals;
DROP TABLE media_files;
ALTER TABLE mirror DROP COLUMN archives_media;
