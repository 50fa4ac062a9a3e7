"""Leads: read, written, listed, joined, and what AI has read of their chats."""
