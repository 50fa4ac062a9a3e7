"""Rules that read chats without a model: offline, deterministic, Indonesian, English and mixed. The default."""
