-- A profile with an e-mail for everybody who has none.
INSERT INTO customer_profiles (lead_id, email, services, seasons, last_service_date)
SELECT r.id, 'person' || row_number() OVER (ORDER BY r.id) || '@example.com',
    CASE WHEN random() < 0.5 THEN ARRAY['lawn'] ELSE ARRAY['snow', 'lawn'] END, ARRAY[2025], date '2025-01-01'
FROM lead_records AS r ON CONFLICT DO NOTHING;
VACUUM ANALYZE
