"""The audit log of accounts and API keys, for admins."""

from typing import Final

import asyncpg

from store.postgres import Connection, Pool, statement

# The actor of changes by the mirror command. No user can have this name: names contain no space.
CONSOLE: Final = "mirror command"
ACTIONS: Final = (
    "invited", "role", "password set", "password reset", "password chosen", "disabled", "enabled", "sessions ended",
    "second factor set", "second factor removed", "single sign-on linked", "key added", "key revoked",
)  # fmt: skip


async def record(pool: Pool | Connection, actor: str, action: str, account: str, detail: str | None = None) -> None:
    """Add a row. `account` is the name of a user or key; `detail` is the new role, the scopes, or similar."""
    await pool.execute(statement("insert_account_change"), actor, action, account, detail)


async def recent(pool: Pool, limit: int) -> list[asyncpg.Record]:
    """Return the newest changes first."""
    return list(await pool.fetch(statement("recent_account_changes"), limit))
