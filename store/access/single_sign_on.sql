-- name: user_of_identity(subject, email)
-- Finds the linked user; else links the user with that e-mail. A linked user is never found by e-mail: addresses change hands.
WITH known AS (
    SELECT u.id, u.name FROM users AS u WHERE u.subject = :subject AND u.disabled_at IS NULL
), linked AS (
    UPDATE users AS u SET subject = :subject
    WHERE u.email = :email AND u.subject IS NULL AND u.disabled_at IS NULL
      AND NOT EXISTS (SELECT FROM users AS o WHERE o.subject = :subject)
    RETURNING u.id, u.name
), unlinked AS (
    DELETE FROM invitations WHERE user_id IN (SELECT l.id FROM linked AS l)
)
SELECT k.id, k.name, false AS is_new FROM known AS k
UNION ALL
SELECT l.id, l.name, true FROM linked AS l
