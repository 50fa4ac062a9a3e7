-- Who works here: people with roles, their sessions, what each has read.

CREATE TABLE users (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name           text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    role           text NOT NULL CHECK (role IN ('viewer', 'sales', 'operator', 'admin')),
    password_hash  text NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    disabled_at    timestamptz
);
COMMENT ON TABLE users IS 'People who sign in. A viewer reads; sales edits leads; an operator also looks after the mirror; an admin may do all.';
COMMENT ON COLUMN users.password_hash IS 'argon2id.';
CREATE TABLE sessions (
    token_hash  bytea PRIMARY KEY,
    user_id     uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at  timestamptz NOT NULL DEFAULT now(),
    seen_at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE sessions IS 'Signed-in browsers, by the hash of what stands in their cookie. One ends after a while without use, and at the latest after a week.';
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE TABLE login_failures (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name     text NOT NULL,
    address  text NOT NULL,
    at       timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE login_failures IS 'Wrong passwords of the last hour: too many for a name or from an address, and nobody may try for a while.';
CREATE INDEX login_failures_by_time ON login_failures (at);
CREATE TABLE lead_reads (
    user_id  uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    lead_id  uuid NOT NULL REFERENCES lead_records ON DELETE CASCADE,
    read_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, lead_id)
);
COMMENT ON TABLE lead_reads IS 'Until when each user has seen each lead: what came in later is unread.';
CREATE INDEX contacts_by_heard ON contacts (heard_at);
