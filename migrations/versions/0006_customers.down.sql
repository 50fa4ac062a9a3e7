DROP TABLE idempotency_keys;
DROP TABLE temperature_words, customer_statuses, customer_profiles;
UPDATE lead_search AS s SET words = lower(concat_ws(' ', r.name, c.name, '@' || c.username, r.phone, c.phone))
FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id WHERE s.lead_id = r.id;
