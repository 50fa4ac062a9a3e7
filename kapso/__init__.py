"""What Kapso says and serves: payload models and event names. Knows nothing of our tables."""
