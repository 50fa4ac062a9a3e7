"""Who changed whose account or key, for an admin to read."""

from typing import Final

import asyncpg

from store.postgres import Connection, Pool, statement

# Who changes accounts by the mirror command. No user is called that: names have no space.
CONSOLE: Final = "mirror command"
ACTIONS: Final = (
    "invited", "role", "password set", "password reset", "password chosen", "disabled", "enabled", "sessions ended",
    "second factor set", "second factor removed", "single sign-on linked", "key added", "key revoked",
)  # fmt: skip


async def record(pool: Pool | Connection, actor: str, action: str, account: str, detail: str | None = None) -> None:
    """`account` is the name of a user or of a key; `detail` the new role, the scopes, and the like."""
    await pool.execute(statement("insert_account_change"), actor, action, account, detail)


async def recent(pool: Pool, limit: int) -> list[asyncpg.Record]:
    """The newest first."""
    return list(await pool.fetch(statement("recent_account_changes"), limit))
