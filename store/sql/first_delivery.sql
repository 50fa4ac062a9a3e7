-- When the oldest stored delivery was received, and what time it is by this clock.
SELECT min(received_at) AS first, now() AS now FROM deliveries
