-- But for those of deleted leads. What programs handed over is known to them by its own id.
-- $1 level, $2 session (null leaves one out), $3 id of the last one seen, $4 how many
SELECT h.*, coalesce(d.crm_record_id, h.id::text) AS crm_record_id
FROM handoffs AS h LEFT JOIN handoff_records AS d ON h.packet_id = 'kapso:' || d.execution_id
    LEFT JOIN lead_records AS r ON r.id = h.lead_id
WHERE r.deleted_at IS NULL AND ($1::text IS NULL OR h.lead_level = $1) AND ($2::text IS NULL OR h.session_id = $2)
  AND ($3::bigint IS NULL OR h.id < $3)
ORDER BY h.id DESC LIMIT $4
