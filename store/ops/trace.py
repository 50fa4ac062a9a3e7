"""What became of a message, a delivery or a person, step by step. Reads only."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from store.postgres import Pool, statement

MOST = 100


class TraceWindow(NamedTuple):
    since: datetime
    until: datetime


async def deliveries_of(pool: Pool, names: list[bytes], window: TraceWindow) -> list[asyncpg.Record]:
    """Deliveries received within the window whose body holds one of the names, oldest first; at most MOST."""
    return list(await pool.fetch(statement("trace_deliveries"), names, *window, MOST))


async def waiting_of(pool: Pool, names: list[bytes]) -> list[asyncpg.Record]:
    """Those of them that wait in the spill."""
    return list(await pool.fetch(statement("trace_spill"), names, MOST))


async def delivery(pool: Pool, id: UUID) -> asyncpg.Record | None:
    return await pool.fetchrow(statement("trace_delivery"), id)


async def letters_of(pool: Pool, deliveries: list[UUID], names: list[bytes]) -> list[asyncpg.Record]:
    """Dead letters of those deliveries, and those whose body holds one of the names."""
    return list(await pool.fetch(statement("trace_letters"), deliveries, names, MOST))


async def changes_of(pool: Pool, message: str) -> list[asyncpg.Record]:
    """What was read out of a message into its person's lead."""
    return list(await pool.fetch(statement("trace_changes"), message, MOST))


async def merges_of(pool: Pool, contact: UUID) -> list[asyncpg.Record]:
    """Contacts that turned out to be this one."""
    return list(await pool.fetch(statement("trace_merges"), contact))


def around(at: datetime | None, now: datetime, days: int) -> TraceWindow:
    """From an hour before the moment on, for so many days; without one, the last days."""
    if at is None:
        return TraceWindow(now - timedelta(days=days), now + timedelta(hours=1))
    return TraceWindow(at - timedelta(hours=1), at + timedelta(days=days))
