"""Send notifications to webhooks, Slack and e-mail."""
