"""What people and agents look things up in: articles, and what was said in chats."""
