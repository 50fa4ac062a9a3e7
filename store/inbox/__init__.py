"""Where accepted deliveries wait: streams of Redis, and the spill in Postgres."""
