-- What rules suggested is taken back once nothing calls for it: they wrote, we answered, the lead has cooled or is closed.
-- $1 who signs as the rules
UPDATE next_steps AS s SET status = 'REJECTED', decided_by = $1, decided_at = now(), decision_reason = 'no longer called for'
FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
WHERE s.lead_id = r.id AND s.occasion IS NOT NULL AND s.status IN ('DRAFT', 'PENDING')
  AND (r.status NOT IN ('new', 'qualified', 'contacted') OR r.deleted_at IS NOT NULL
       OR (s.occasion LIKE 'no reply %' AND s.occasion <> 'no reply ' || c.last_message_id)
       OR (s.occasion LIKE 'window closes %' AND (s.occasion <> 'window closes ' || c.last_message_id
                                                  OR c.last_inbound_at < now() - interval '24 hours'))
       OR (s.occasion LIKE 'went hot %' AND r.lead_temperature IS DISTINCT FROM 'hot'))
