"""AI fields out of conversations: one pass over the leads of whom something came in, source by source."""
