ALTER TABLE lead_records DROP COLUMN predicted_close_probability, DROP COLUMN estimated_value,
    DROP COLUMN expected_close_date, DROP COLUMN converted_to_client_id, DROP COLUMN deleted_at;
DROP TABLE clients;
