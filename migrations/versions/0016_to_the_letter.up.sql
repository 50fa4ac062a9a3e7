-- What customers read by SQL keeps the shapes and names that its documents state.

-- A search finds people by every number that is theirs, and letters without their accents.
CREATE FUNCTION searchable(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN lower(regexp_replace(normalize(words, NFKD), '[\u0300-\u036f]', '', 'g'));
COMMENT ON FUNCTION searchable IS 'In lower case and without accents, composed or not. Says the same as domain.letters.searchable.';
COMMENT ON TABLE lead_search IS 'Names, @username, e-mail and all numbers of each lead as a search compares them. Kept by triggers, so that no release can forget to.';
-- A name of which nothing can be seen is none.
UPDATE sightings SET name = NULL, name_at = NULL
WHERE name !~ '[^\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0]';
UPDATE contacts SET name = NULL
WHERE name !~ '[^\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0]';
UPDATE lead_search AS s SET words = searchable(concat_ws(' ', r.name, c.name, '@' || c.username, r.phone, c.phone, p.email,
    (SELECT string_agg(i.value, ' ' ORDER BY i.value) FROM contact_identities AS i
     WHERE i.contact_id = c.id AND i.kind = 'phone' AND i.value <> c.phone)))
FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id LEFT JOIN customer_profiles AS p ON p.lead_id = r.id
WHERE s.lead_id = r.id;
INSERT INTO lead_notes (lead_id, source, actor, text)
SELECT id, 'agent', 'mirror', 'The estimated value ' || estimated_value || ' is more than the field holds (9999999999.99); it was left empty.'
FROM lead_records WHERE estimated_value >= 10000000000;
UPDATE lead_records SET estimated_value = NULL, set_by = set_by - 'estimated_value' WHERE estimated_value >= 10000000000;
ALTER TABLE lead_records
    DROP CONSTRAINT lead_records_predicted_close_probability_check, DROP CONSTRAINT lead_records_estimated_value_check;
ALTER TABLE lead_changes DROP CONSTRAINT lead_changes_confidence_check;
ALTER TABLE lead_suggestions DROP CONSTRAINT lead_suggestions_confidence_check;
ALTER TABLE next_steps DROP CONSTRAINT next_steps_confidence_check;
ALTER TABLE lead_records ALTER COLUMN predicted_close_probability TYPE numeric(3,2),
    ALTER COLUMN estimated_value TYPE numeric(12,2);
ALTER TABLE lead_changes ALTER COLUMN confidence TYPE numeric(3,2);
ALTER TABLE lead_suggestions ALTER COLUMN confidence TYPE numeric(3,2);
ALTER TABLE next_steps ALTER COLUMN confidence TYPE numeric(3,2);
ALTER TABLE lead_records
    ADD CONSTRAINT lead_records_predicted_close_probability_check CHECK (predicted_close_probability BETWEEN 0 AND 1),
    ADD CONSTRAINT lead_records_estimated_value_check CHECK (estimated_value >= 0);
ALTER TABLE lead_changes ADD CONSTRAINT lead_changes_confidence_check CHECK (confidence BETWEEN 0 AND 1);
ALTER TABLE lead_suggestions ADD CONSTRAINT lead_suggestions_confidence_check CHECK (confidence BETWEEN 0 AND 1);
ALTER TABLE next_steps ADD CONSTRAINT next_steps_confidence_check CHECK (confidence BETWEEN 0 AND 1);
