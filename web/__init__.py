"""The desk and operators' pages, the JSON API and MCP. They read and write Postgres; nothing calls Kapso's API."""
