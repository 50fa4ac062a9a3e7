"""Hooks, against real HTTP and SMTP servers."""
