CREATE TABLE imports (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    file_name  text NOT NULL CHECK (length(file_name) BETWEEN 1 AND 300),
    made_by    text NOT NULL CHECK (made_by <> ''),
    made_at    timestamptz NOT NULL DEFAULT now(),
    added      integer NOT NULL DEFAULT 0,
    changed    integer NOT NULL DEFAULT 0,
    unchanged  integer NOT NULL DEFAULT 0,
    refused    integer NOT NULL DEFAULT 0,
    undone_at  timestamptz,
    undone_by  text,
    CHECK ((undone_at IS NULL) = (undone_by IS NULL))
);
COMMENT ON TABLE imports IS 'Imported files, with the number of rows of each outcome. lead_changes holds the changes of an import under the actor import:ID.';
CREATE INDEX lead_changes_by_import ON lead_changes (actor) WHERE actor LIKE 'import:%';
