ALTER TABLE lead_records
    DROP CONSTRAINT lead_records_predicted_close_probability_check, DROP CONSTRAINT lead_records_estimated_value_check;
ALTER TABLE lead_changes DROP CONSTRAINT lead_changes_confidence_check;
ALTER TABLE lead_suggestions DROP CONSTRAINT lead_suggestions_confidence_check;
ALTER TABLE next_steps DROP CONSTRAINT next_steps_confidence_check;
ALTER TABLE next_steps ALTER COLUMN confidence TYPE real;
ALTER TABLE lead_suggestions ALTER COLUMN confidence TYPE real;
ALTER TABLE lead_changes ALTER COLUMN confidence TYPE real;
ALTER TABLE lead_records ALTER COLUMN predicted_close_probability TYPE real,
    ALTER COLUMN estimated_value TYPE bigint USING round(estimated_value)::bigint;
ALTER TABLE lead_records
    ADD CONSTRAINT lead_records_predicted_close_probability_check CHECK (predicted_close_probability BETWEEN 0 AND 1),
    ADD CONSTRAINT lead_records_estimated_value_check CHECK (estimated_value >= 0);
ALTER TABLE lead_changes ADD CONSTRAINT lead_changes_confidence_check CHECK (confidence BETWEEN 0 AND 1);
ALTER TABLE lead_suggestions ADD CONSTRAINT lead_suggestions_confidence_check CHECK (confidence BETWEEN 0 AND 1);
ALTER TABLE next_steps ADD CONSTRAINT next_steps_confidence_check CHECK (confidence BETWEEN 0 AND 1);
COMMENT ON TABLE lead_search IS 'Names, @username and numbers of each lead in lower case, for search. Kept by triggers, so that no release can forget to.';
UPDATE lead_search AS s SET words = lower(concat_ws(' ', r.name, c.name, '@' || c.username, r.phone, c.phone, p.email))
FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id LEFT JOIN customer_profiles AS p ON p.lead_id = r.id
WHERE s.lead_id = r.id;
DROP FUNCTION IF EXISTS searchable;
