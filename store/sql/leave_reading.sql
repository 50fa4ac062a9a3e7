SELECT pg_advisory_unlock(hashtext('reading chats'))
