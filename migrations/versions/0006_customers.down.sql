DROP TABLE idempotency_keys;
DROP VIEW customer_list;
DROP TABLE temperature_words, customer_statuses, customer_profiles;
DROP FUNCTION customer_email_changed;
CREATE OR REPLACE FUNCTION index_lead_words(contact uuid) RETURNS void LANGUAGE sql AS $$
    UPDATE lead_search AS s SET words = lower(concat_ws(' ', r.name, c.name, '@' || c.username, r.phone, c.phone))
    FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
    WHERE c.id = contact AND s.lead_id = r.id
$$;
UPDATE lead_search AS s SET words = lower(concat_ws(' ', r.name, c.name, '@' || c.username, r.phone, c.phone))
FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id WHERE s.lead_id = r.id;
