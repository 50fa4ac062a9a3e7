"""A believable demo: the chats of an invented company, told over eight weeks and then live."""
