"""Articles in, passages and meanings out: what makes them searchable. Stored and searched by store/knowledge.py."""
