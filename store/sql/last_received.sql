-- When Kapso last delivered something, and settled or not.
SELECT greatest(
    (SELECT max(received_at) FROM deliveries WHERE source = 'push' AND received_at > now() - interval '30 days'),
    (SELECT max(received_at) FROM spill),
    (SELECT began_at FROM mirror)) AS at
