"""What statements wait for inside Postgres: locks and their holders, idle transactions, a read-only server."""

from typing import NamedTuple

import asyncpg

from store.postgres import Pool, statement

BLOCKED_SECONDS = 5.0
IDLE_SECONDS = 600.0
# As long as a session may be idle in a transaction (BY_KEY).
STALLED_SECONDS = 10.0
NOT_OURS = (
    "The role of DATABASE_URL may not end session {pid}. End it as a superuser, with pg_terminate_backend({pid})."
)
READ_ONLY = "postgres is read-only (a standby, or a failover): nothing is mirrored; DATABASE_URL must name the primary"


class Wait(NamedTuple):
    """What waits, and what to do. `pid` is of the session that is in the way; None where none is."""

    text: str
    pid: int | None


async def waits(pool: Pool) -> list[Wait]:
    """Raises what Postgres raises."""
    found = []
    if await pool.fetchval(statement("read_only")):
        found.append(Wait(READ_ONLY, None))
    blocked = await pool.fetch(statement("blocked"), BLOCKED_SECONDS)
    found += list(dict.fromkeys(Wait(blocked_words(row), row["holder"]) for row in blocked))
    holders = {row["holder"] for row in blocked}
    idle = await pool.fetch(statement("idle_transactions"), IDLE_SECONDS)
    found += [Wait(idle_words(row), row["pid"]) for row in idle if row["pid"] not in holders]
    return found


async def end_session(pool: Pool, pid: int) -> bool:
    """End a session that `waits` names. Return False if it blocks nothing any more.

    Raises InsufficientPrivilegeError for a session of another role.
    """
    if pid not in {wait.pid for wait in await waits(pool)}:
        return False
    return bool(await pool.fetchval(statement("end_session"), pid))


async def end_stalled(pool: Pool) -> int:
    """End sessions whose process hangs between two messages of one statement; says how many."""
    return int(await pool.fetchval(statement("end_stalled"), STALLED_SECONDS))


def blocked_words(row: asyncpg.Record) -> str:
    who = f"pid {row['holder']} ({row['application'] or 'no application name'}, user {row['role'] or 'unknown'})"
    state = f", {row['state']} for {row['state_seconds']:.0f} s," if row["state"] else ""
    return (
        f"a statement of the mirror waits {row['waited_seconds']:.0f} s for a lock that {who}{state} holds: end that "
        f"transaction, or its session with pg_terminate_backend({row['holder']})"
    )


def idle_words(row: asyncpg.Record) -> str:
    return (
        f"pid {row['pid']} ({row['application'] or 'no application name'}, user {row['role'] or 'unknown'}) is idle in "
        f"a transaction for {row['seconds'] / 60:.0f} min: it holds its locks and keeps dead rows; end that transaction"
    )
