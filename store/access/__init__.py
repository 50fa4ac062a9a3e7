"""Who may come in, and who looked at whom: users, sessions, keys of programs."""
