"""Endpoints outside, and what they are to be told."""
