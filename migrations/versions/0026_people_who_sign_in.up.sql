-- Invitations, a second factor, single sign-on, and who changed whose account.
ALTER TABLE users
    ADD COLUMN email text UNIQUE CHECK (email ~ '^[!-?A-~]+@[!-?A-~]+$' AND email = lower(email) AND length(email) <= 200),
    ADD COLUMN subject text UNIQUE,
    ADD COLUMN code_secret bytea CHECK (length(code_secret) = 20),
    ADD COLUMN code_step bigint,
    ADD COLUMN code_tries integer NOT NULL DEFAULT 0,
    ADD COLUMN code_tried_at timestamptz;
COMMENT ON COLUMN users.password_hash IS 'argon2id. A lone ! lets nobody in: who was invited, was reset, or uses single sign-on alone.';
COMMENT ON COLUMN users.email IS 'By which single sign-on recognizes the user the first time; ASCII, lower case.';
COMMENT ON COLUMN users.subject IS 'Issuer and subject of single sign-on, once the user came by it.';
COMMENT ON COLUMN users.code_secret IS 'What the user''s authenticator app makes codes of (RFC 6238); null: no code is asked for.';
COMMENT ON COLUMN users.code_step IS 'The half minute of the last code: none counts twice.';
COMMENT ON COLUMN users.code_tries IS 'How many codes were tried since code_tried_at, and none was right.';
COMMENT ON COLUMN users.code_tried_at IS 'When this quarter of an hour of tries began.';
ALTER TABLE sessions
    ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    ADD COLUMN address text,
    ADD COLUMN browser text CHECK (char_length(browser) <= 200);
COMMENT ON COLUMN sessions.id IS 'By which it is named; the token stays with the browser.';
COMMENT ON COLUMN sessions.address IS 'From where the user signed in.';
COMMENT ON COLUMN sessions.browser IS 'As it called itself (User-Agent).';
CREATE TABLE invitations (
    token_hash  bytea PRIMARY KEY,
    user_id     uuid NOT NULL UNIQUE REFERENCES users ON DELETE CASCADE,
    made_by     text NOT NULL,
    made_at     timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL
);
COMMENT ON TABLE invitations IS 'Links that let somebody choose a password, once: for new users, and for those who forgot theirs. A user has the newest alone.';
COMMENT ON COLUMN invitations.token_hash IS 'SHA-256 of what stands in the link.';
COMMENT ON COLUMN invitations.user_id IS 'users.id: whom it lets in.';
COMMENT ON COLUMN invitations.made_by IS 'Who made it.';
COMMENT ON COLUMN invitations.made_at IS 'When.';
COMMENT ON COLUMN invitations.expires_at IS 'From then on it opens nothing.';
CREATE TABLE sign_in_steps (
    token_hash     bytea PRIMARY KEY,
    user_id        uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    password_hash  text NOT NULL,
    made_at        timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE sign_in_steps IS 'Sign-ins that are half done: the password was right, and the code of the second factor is awaited.';
COMMENT ON COLUMN sign_in_steps.token_hash IS 'SHA-256 of what stands in the browser''s cookie.';
COMMENT ON COLUMN sign_in_steps.user_id IS 'users.id: whose password was right.';
COMMENT ON COLUMN sign_in_steps.password_hash IS 'Of the password that was: with another one the sign-in is over.';
COMMENT ON COLUMN sign_in_steps.made_at IS 'When it began; it is dropped after fifteen minutes.';
CREATE INDEX sign_in_steps_by_user ON sign_in_steps (user_id);
CREATE INDEX sign_in_steps_by_time ON sign_in_steps (made_at);
CREATE TABLE account_changes (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT now(),
    actor    text NOT NULL,
    action   text NOT NULL CHECK (action IN (
        'invited', 'role', 'password set', 'password reset', 'password chosen', 'disabled', 'enabled', 'sessions ended',
        'second factor set', 'second factor removed', 'single sign-on linked', 'key added', 'key revoked')),
    account  text NOT NULL,
    detail   text
);
COMMENT ON TABLE account_changes IS 'Who changed whose account or key. Nothing is ever changed or deleted here.';
COMMENT ON COLUMN account_changes.id IS 'Counts up.';
COMMENT ON COLUMN account_changes.at IS 'When.';
COMMENT ON COLUMN account_changes.actor IS 'Who did it: a user, or "console".';
COMMENT ON COLUMN account_changes.action IS 'What was done: invited, role, disabled …';
COMMENT ON COLUMN account_changes.account IS 'users.name, or the name of a key.';
COMMENT ON COLUMN account_changes.detail IS 'The new role, the scopes, and the like.';
