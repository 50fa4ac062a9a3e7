"""A Kapso of our own: a town that talks to a sales bot, its signed webhooks, a ledger of them, and the checker.

Shares no code with what it tests: nothing of the mapping, the store or the payload models.
"""
