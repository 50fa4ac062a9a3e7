-- Of chats whose message is gone.
DELETE FROM passages AS p WHERE p.lead_id IS NOT NULL AND NOT EXISTS (SELECT FROM messages AS m WHERE m.id = p.message_id)
