"""How well chats are read: synthetic gold chats, and the scores of a source against them."""
