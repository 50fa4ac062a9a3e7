DROP TABLE account_changes;
DROP TABLE sign_in_steps;
DROP TABLE invitations;
ALTER TABLE sessions DROP COLUMN browser, DROP COLUMN address, DROP COLUMN id;
ALTER TABLE users
    DROP COLUMN code_tried_at, DROP COLUMN code_tries, DROP COLUMN code_step, DROP COLUMN code_secret, DROP COLUMN subject, DROP COLUMN email;
COMMENT ON COLUMN users.password_hash IS 'argon2id.';
