-- Held until left, or until the connection of whoever took it is gone.
SELECT pg_try_advisory_lock(hashtext('reading chats'))
