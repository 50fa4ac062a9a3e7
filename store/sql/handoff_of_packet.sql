-- $1 packet id
SELECT id FROM handoffs WHERE packet_id = $1
