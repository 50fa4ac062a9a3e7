"""Ask Kapso over REST: polls, full passes, losses, and whether its webhooks are in order."""
