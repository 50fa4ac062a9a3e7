-- Invitations, a second factor, single sign-on, and who changed whose account.
ALTER TABLE users
    ADD COLUMN email text UNIQUE CHECK (email ~ '^[!-?A-~]+@[!-?A-~]+$' AND email = lower(email) AND length(email) <= 200),
    ADD COLUMN subject text UNIQUE,
    ADD COLUMN code_secret bytea CHECK (length(code_secret) = 20),
    ADD COLUMN code_step bigint,
    ADD COLUMN code_tries integer NOT NULL DEFAULT 0,
    ADD COLUMN code_tried_at timestamptz;
COMMENT ON COLUMN users.password_hash IS 'argon2id; ! if the user has no password (invited, reset, or single sign-on only).';
COMMENT ON COLUMN users.email IS 'Single sign-on finds the user by it at the first sign-in. Lowercase ASCII.';
COMMENT ON COLUMN users.subject IS 'Issuer and subject of the identity provider; null until the first single sign-on.';
COMMENT ON COLUMN users.code_secret IS 'Secret of the authenticator app (RFC 6238); null: two-factor authentication is off.';
COMMENT ON COLUMN users.code_step IS 'Time step (30 s) of the last accepted code. A code is accepted once.';
COMMENT ON COLUMN users.code_tries IS 'Number of wrong codes since code_tried_at.';
COMMENT ON COLUMN users.code_tried_at IS 'Begin of the current window of 15 minutes for code_tries.';
ALTER TABLE sessions
    ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    ADD COLUMN address text,
    ADD COLUMN browser text CHECK (char_length(browser) <= 200);
COMMENT ON COLUMN sessions.id IS 'Identifies the session in pages and the API. The token stays in the browser.';
COMMENT ON COLUMN sessions.address IS 'IP address of the sign-in.';
COMMENT ON COLUMN sessions.browser IS 'User-Agent header of the sign-in.';
CREATE TABLE invitations (
    token_hash  bytea PRIMARY KEY,
    user_id     uuid NOT NULL UNIQUE REFERENCES users ON DELETE CASCADE,
    made_by     text NOT NULL,
    made_at     timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL
);
COMMENT ON TABLE invitations IS 'Links with which a user sets a password once: new users and password resets. A new link replaces the old one.';
COMMENT ON COLUMN invitations.token_hash IS 'SHA-256 of the token in the link.';
COMMENT ON COLUMN invitations.user_id IS 'users.id.';
COMMENT ON COLUMN invitations.made_by IS 'The admin or API key that created it.';
COMMENT ON COLUMN invitations.made_at IS 'Time of creation.';
COMMENT ON COLUMN invitations.expires_at IS 'The link is valid until then.';
CREATE TABLE sign_in_steps (
    token_hash     bytea PRIMARY KEY,
    user_id        uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    password_hash  text NOT NULL,
    made_at        timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE sign_in_steps IS 'Sign-ins with a right password that wait for the code of the second factor.';
COMMENT ON COLUMN sign_in_steps.token_hash IS 'SHA-256 of the token in the browser''s cookie.';
COMMENT ON COLUMN sign_in_steps.user_id IS 'users.id.';
COMMENT ON COLUMN sign_in_steps.password_hash IS 'Hash of the checked password. If the password changes, the sign-in is refused.';
COMMENT ON COLUMN sign_in_steps.made_at IS 'Time of the password check. The row expires after 15 minutes.';
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
COMMENT ON TABLE account_changes IS 'Audit log of users and API keys. Rows are never changed or deleted.';
COMMENT ON COLUMN account_changes.id IS 'Rises with time.';
COMMENT ON COLUMN account_changes.at IS 'Time of the change.';
COMMENT ON COLUMN account_changes.actor IS 'user:NAME, key:NAME, or "mirror command".';
COMMENT ON COLUMN account_changes.action IS 'The change: invited, role, disabled …';
COMMENT ON COLUMN account_changes.account IS 'users.name, or the name of a key.';
COMMENT ON COLUMN account_changes.detail IS 'The new role, the scopes, or similar.';
