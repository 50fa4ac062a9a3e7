-- Old messages of the people who are there, up to :messages in all, with ids that scatter as real ones do.
CREATE UNLOGGED TABLE bench_people AS
SELECT row_number() OVER (ORDER BY c.id) AS place, c.id, c.wa_id, c.business_scoped_user_id AS bsuid, v.id AS talk
FROM contacts AS c JOIN conversations AS v ON v.contact_id = c.id;
ANALYZE bench_people;
INSERT INTO messages (id, contact_id, conversation_id, named_as, phone_number_id, direction, type, content, content_at,
    content_tie, text, text_at, origin, status, status_rank, sent_at)
SELECT 'wamid.' || translate(encode(convert_to(p.wa_id, 'UTF8') || sha256(convert_to(n::text, 'UTF8')), 'base64'), E'\n', ''),
    p.id, p.talk, p.bsuid, '300010002000300', CASE WHEN n % 2 = 0 THEN 'inbound' ELSE 'outbound' END, 'text',
    jsonb_build_object('body', 'pesan lama ke ' || n || repeat(' kak, saya mau tanya soal paketnya', 4)), t.at, n,
    'pesan lama ke ' || n || repeat(' kak, saya mau tanya soal paketnya', 4), t.at, 'cloud_api', 'received', 1, t.at
FROM (SELECT count(*) AS there FROM messages) AS m
    CROSS JOIN LATERAL generate_series(m.there + 1, :messages) AS n
    CROSS JOIN LATERAL (SELECT now() - interval '1 day' - n * interval '5 seconds' AS at) AS t
    JOIN bench_people AS p ON p.place = n % (SELECT count(*) FROM bench_people) + 1
ON CONFLICT (id) DO NOTHING;
DROP TABLE bench_people;
VACUUM ANALYZE messages
