"""The desk: pages on leads for those who sign in. It reads the replica; nothing here calls Kapso."""
