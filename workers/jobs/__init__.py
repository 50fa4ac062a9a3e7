"""What is done beside the drain: replays, handoffs, reading chats, upkeep."""
