-- The CRM has it. $1 record, $2 the CRM's id
UPDATE handoff_records SET state = 'delivered', crm_record_id = $2, delivered_at = now(), attempts = attempts + 1,
    error = NULL
WHERE id = $1
