"""Articles in, passages and meanings out: what makes them searchable. store.knowledge keeps and searches them."""
