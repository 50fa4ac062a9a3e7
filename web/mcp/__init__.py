"""AI agents as users: an MCP server on the same rules, rights and history as people and programs."""
