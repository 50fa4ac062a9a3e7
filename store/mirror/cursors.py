"""How far each poll has come, and the windows to read again. Writes `cursors` and `gaps`."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from store.postgres import Pool, columns, statement


class PollCursor(NamedTuple):
    """All up to `complete_to` was read; a window that ends at `reading_to` goes on with `page`."""

    complete_to: datetime
    reading_to: datetime | None
    page: str | None


class Gap(NamedTuple):
    """A window in which deliveries failed, the last of them at `failed_at`."""

    phone_number_id: str
    since: datetime
    until: datetime
    failed_at: datetime


async def began_at(pool: Pool) -> datetime:
    """When this mirror began: nothing older is asked for by itself."""
    at: datetime = await pool.fetchval(statement("began_at"))
    return at


async def cursor(pool: Pool, name: str) -> PollCursor:
    return PollCursor(*await pool.fetchrow(statement("open_cursor"), name))


async def move(pool: Pool, name: str, *, reading_to: datetime, page: str | None) -> None:
    await pool.execute(statement("move_cursor"), name, reading_to, page)


async def close(pool: Pool, name: str, complete_to: datetime) -> None:
    await pool.execute(statement("close_cursor"), name, complete_to)


async def forget_others(pool: Pool, but_for: Sequence[str]) -> None:
    """Delete the cursors of all sources but these: their numbers and workflows are asked for no more."""
    await pool.execute(statement("forget_cursors"), list(but_for))


async def add_gaps(pool: Pool, gaps: Iterable[Gap]) -> None:
    """One of each window. Those that were read again since their failure stay closed."""
    await pool.execute(statement("insert_gaps"), *columns(gaps, 4))


async def open_gaps(pool: Pool) -> list[Gap]:
    return [Gap(*row) for row in await pool.fetch(statement("open_gaps"))]


async def close_gaps(pool: Pool, gaps: Iterable[Gap]) -> None:
    await pool.execute(statement("close_gaps"), *columns((gap[:3] for gap in gaps), 3))
