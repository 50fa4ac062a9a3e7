-- Where a lead is to be brought. $1 customer_status
SELECT lead_status, was_converted, is_cold FROM customer_statuses WHERE customer_status = $1 AND is_aim
