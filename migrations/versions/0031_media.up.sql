ALTER TABLE mirror ADD COLUMN archives_media boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN mirror.archives_media IS 'Whether triggers queue files of messages for the archive. The worker sets it from MEDIA_ARCHIVE.';
CREATE TABLE media_files (
    message_id    text COLLATE "C" PRIMARY KEY REFERENCES messages ON DELETE CASCADE,
    key           uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    state         text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'kept', 'refused', 'expired')),
    attempts      integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_try_at   timestamptz NOT NULL DEFAULT now(),
    error         text,
    kept_at       timestamptz,
    sha256        bytea CHECK (octet_length(sha256) = 32),
    bytes         bigint CHECK (bytes >= 0),
    content_type  text,
    CHECK (state NOT IN ('kept', 'expired') OR num_nulls(kept_at, sha256, bytes, content_type) = 0)
);
COMMENT ON TABLE media_files IS 'One row for each message with a file, while MEDIA_ARCHIVE is set: waiting for its download, kept in the archive, refused, or expired.';
CREATE INDEX media_files_due ON media_files (next_try_at) WHERE state = 'waiting';
CREATE INDEX media_files_by_day ON media_files (kept_at) INCLUDE (bytes) WHERE state = 'kept';
CREATE TABLE media_removals (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key     uuid NOT NULL,
    due_at  timestamptz NOT NULL
);
COMMENT ON TABLE media_removals IS 'Files that a worker must delete from the archive. Each is deleted twice: at once, and after a download that was under way has ended.';
CREATE INDEX media_removals_due ON media_removals (due_at);
