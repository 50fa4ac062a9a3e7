"""Hooks (webhooks, Slack, e-mail) and the notifications that they get."""
