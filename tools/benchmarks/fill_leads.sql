-- Contacts with leads and chats up to :leads and :messages, as a few years would leave them.
INSERT INTO contacts (id, phone, wa_id, first_seen_at)
SELECT gen_random_uuid(), '+62900' || lpad(n::text, 8, '0'), '62900' || lpad(n::text, 8, '0'),
    now() - n * interval '5 minutes'
FROM generate_series(1, greatest(0, :leads - (SELECT count(*) FROM contacts))) AS n;
INSERT INTO contact_identities (kind, value, contact_id)
SELECT k.kind, k.value, c.id FROM contacts AS c, LATERAL (VALUES ('phone', c.phone), ('wa_id', c.wa_id)) AS k (kind, value)
WHERE k.value IS NOT NULL ON CONFLICT DO NOTHING;
INSERT INTO messages (id, contact_id, direction, type, text, sent_at, status)
SELECT 'fill-' || gen_random_uuid(), c.id, CASE WHEN (c.n + k) % 3 = 0 THEN 'outbound' ELSE 'inbound' END, 'text',
    'kak, saya mau tanya soal paketnya, bisa dijelaskan? ' || k,
    now() - c.n * interval '2 minutes' - k * interval '1 hour', 'received'
FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM contacts) AS c
CROSS JOIN generate_series(1, (:messages - (SELECT count(*) FROM messages)) / (SELECT count(*) FROM contacts) + 1) AS k;
UPDATE contacts AS c SET last_message_at = m.sent_at, last_message_id = m.id, last_message_text = m.text,
    last_message_type = m.type, last_message_direction = m.direction, last_inbound_at = m.sent_at
FROM (SELECT DISTINCT ON (contact_id) * FROM messages ORDER BY contact_id, sent_at DESC, id DESC) AS m
WHERE m.contact_id = c.id;
UPDATE lead_records AS r SET
    name = concat_ws(' ',
        (ARRAY ['Budi', 'Siti', 'Agus', 'Dewi', 'Rina', 'Joko', 'Sri', 'Andi', 'Putri', 'Eko', 'Ratna', 'Hendra', 'Yuni',
                'Bambang', 'Lestari', 'Dian', 'Rizky', 'Nur', 'Fajar', 'Intan', 'Wahyu', 'Indah', 'Rudi', 'Maya', 'Taufik']) [1 + n % 25],
        (ARRAY ['Ayu', 'Dwi', 'Tri', 'Maulana', 'Kartika', 'Adi', 'Fitri', 'Bayu', 'Citra', 'Arif', 'Mega', 'Yusuf', 'Novi',
                'Galih', 'Wulan', 'Surya', 'Anisa', 'Reza', 'Kusuma', 'Permata']) [1 + n / 25 % 20],
        (ARRAY ['Santoso', 'Wijaya', 'Hidayat', 'Wulandari', 'Pratama', 'Siregar', 'Nugroho', 'Saputra', 'Rahmawati', 'Setiawan',
                'Susanto', 'Lubis', 'Gunawan', 'Handayani', 'Kurniawan', 'Nasution', 'Purnomo', 'Suryani', 'Firmansyah',
                'Simanjuntak', 'Hartono', 'Maharani', 'Utomo', 'Anggraini', 'Harahap']) [1 + n / 500 % 25]),
    business_type = 'laundry', language = 'id', created_at = now() - n * interval '5 minutes',
    domisili = (ARRAY ['Bandung', 'Surabaya', 'Jakarta Selatan', 'Medan', 'Biak Numfor'])
        [CASE WHEN n % 5000 = 0 THEN 5 ELSE 1 + n % 4 END],
    lead_score = (n * 37) % 101,
    lead_temperature = CASE WHEN (n * 37) % 101 >= 70 THEN 'hot' WHEN (n * 37) % 101 >= 45 THEN 'warm'
                            WHEN (n * 37) % 101 >= 20 THEN 'lukewarm' ELSE 'cold' END,
    chat_phase = (ARRAY ['A', 'B', 'C', 'D']) [1 + n % 4],
    status = CASE WHEN n % 1000 = 0 THEN 'converted' WHEN n % 10 = 0 THEN 'qualified' ELSE 'new' END,
    converted_at = CASE WHEN n % 1000 = 0 THEN now() END,
    signals = '{"asked price": {"points": 15, "message_id": "m", "quote": "berapa"}, "gave city": {"points": 5}}'
FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM lead_records) AS l
WHERE l.id = r.id;
INSERT INTO lead_changes (lead_id, field, new, source, actor, reason)
SELECT r.id, f.field, '"x"', 'ai', 'rules@1', 'fill'
FROM lead_records AS r CROSS JOIN unnest(ARRAY ['name', 'domisili', 'business_type', 'lead_score', 'lead_temperature']) AS f (field);
VACUUM ANALYZE
