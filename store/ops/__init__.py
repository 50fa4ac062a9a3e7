"""What operators see: freshness, alarms, dead letters, replays, what waits for what."""
