-- $1 messages, $2 dead letters, $3 leads before; null counts none
SELECT (SELECT count(*) FROM messages WHERE sent_at < $1),
       (SELECT count(*) FROM dead_letters WHERE last_failed_at < $2),
       (SELECT count(*) FROM lead_records AS r JOIN contacts AS c ON c.id = r.contact_id
        WHERE greatest(c.last_message_at, c.heard_at, r.changed_at) < $3)
