-- What it takes never to lose: the spill, replays, cursors and windows of the poll, alarms, progress.

CREATE TABLE mirror (
    one       boolean PRIMARY KEY DEFAULT true CHECK (one),
    began_at  timestamptz NOT NULL
);
COMMENT ON TABLE mirror IS 'One row: when this mirror began. The poll asks for nothing older; an operator may (mirror reconcile --since).';
INSERT INTO mirror (began_at) SELECT least(now(), (SELECT min(received_at) FROM deliveries));
CREATE TABLE spill (
    id               uuid NOT NULL,
    received_at      timestamptz NOT NULL,
    event            text,
    idempotency_key  text,
    version          text,
    body             bytea NOT NULL,
    attempts         integer NOT NULL DEFAULT 0,
    PRIMARY KEY (received_at, id)
);
COMMENT ON TABLE spill IS 'The inbox''s stand-in while Redis is away: accepted deliveries that wait.';
COMMENT ON COLUMN spill.attempts IS 'How often somebody began to settle it; counted before, so that a crash counts.';
CREATE TABLE drains (
    shard        integer PRIMARY KEY,
    complete_to  timestamptz NOT NULL,
    seen_at      timestamptz NOT NULL,
    kapso_seconds double precision
);
COMMENT ON COLUMN drains.kapso_seconds IS 'How late Kapso was with the messages of the last second that had any: from their own time to our receiving them.';
COMMENT ON TABLE drains IS 'How far each drain has come: all that was received up to complete_to is in the mirror.';
CREATE TABLE alarms (
    name       text PRIMARY KEY,
    what       text NOT NULL,
    raised_at  timestamptz NOT NULL DEFAULT now(),
    seen_at    timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE alarms IS 'What needs a person. A row stands from when its cause was first seen until the cause is gone.';
CREATE TABLE replays (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asked_at     timestamptz NOT NULL DEFAULT now(),
    asked_by     text NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('dead letters', 'deliveries')),
    filter       jsonb NOT NULL,
    planned      bigint NOT NULL,
    applied      bigint NOT NULL DEFAULT 0,
    unchanged    bigint NOT NULL DEFAULT 0,
    ignored      bigint NOT NULL DEFAULT 0,
    failed       bigint NOT NULL DEFAULT 0,
    state        text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'cancelled')),
    ended_at     timestamptz,
    CHECK ((state = 'running') = (ended_at IS NULL))
);
COMMENT ON TABLE replays IS 'Who replayed what, with which filter, written before the first event moves; counts are of events.';
CREATE INDEX dead_letters_by_fingerprint ON dead_letters (fingerprint, id);
CREATE TABLE cursors (
    name         text PRIMARY KEY,
    complete_to  timestamptz NOT NULL,
    reading_to   timestamptz,
    page         text,
    moved_at     timestamptz NOT NULL DEFAULT now(),
    CHECK (page IS NULL OR reading_to IS NOT NULL),
    CHECK (reading_to >= complete_to)
);
COMMENT ON TABLE cursors IS 'How far each poll has come. A window from complete_to to reading_to is read page by page; page is where to go on.';
CREATE TABLE gaps (
    phone_number_id  text NOT NULL,
    since            timestamptz NOT NULL,
    until            timestamptz NOT NULL,
    failed_at        timestamptz NOT NULL,
    closed_at        timestamptz,
    PRIMARY KEY (phone_number_id, since, until),
    CHECK (since < until)
);
COMMENT ON TABLE gaps IS 'Windows in which Kapso says that deliveries failed; read again over REST, then closed.';
CREATE TABLE reconcile_runs (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text NOT NULL,
    began_at   timestamptz NOT NULL,
    ended_at   timestamptz NOT NULL,
    since      timestamptz,
    until      timestamptz,
    checked    integer NOT NULL,
    equal      integer NOT NULL,
    missing    integer NOT NULL,
    repaired   jsonb NOT NULL,
    extra      integer NOT NULL,
    late       integer NOT NULL,
    error      text
);
COMMENT ON TABLE reconcile_runs IS 'What each comparison with Kapso found: rows checked, equal, missing here, repaired by field (jsonb: field to count), and extra (gone at Kapso).';
COMMENT ON COLUMN reconcile_runs.late IS 'Of the missing and repaired, those older than the grace period: the push path is broken.';
CREATE INDEX reconcile_runs_by_end ON reconcile_runs (ended_at);
CREATE TABLE vanished_contacts (
    kapso_id  text PRIMARY KEY,
    found_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE vanished_contacts IS 'Contacts that Kapso no longer has, for an operator to look at; nothing is erased by itself. Resolve in contact_identities, kind kapso.';
ALTER TABLE deliveries ADD CONSTRAINT deliveries_counts CHECK (applied >= 0 AND ignored >= 0 AND dead >= 0);
ALTER TABLE dead_letters ADD COLUMN code_version text;
COMMENT ON COLUMN dead_letters.code_version IS 'The release that met the failure last (RELEASE).';
