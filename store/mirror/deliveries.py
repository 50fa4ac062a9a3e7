"""Stored deliveries: read again, and kept by day; made ahead, and dropped after the retention with their books kept."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from domain.delivery import Delivery
from store.postgres import Pool, statement

DAYS_AHEAD = 7
PAGE = 200
PAGE_BYTES = 8 * 1024 * 1024


async def make_days(pool: Pool, today: date) -> None:
    """Partitions from yesterday to a week ahead, and for days that landed in the DEFAULT partition meanwhile."""
    there = {row["day"] for row in await pool.fetch(statement("delivery_days"))}
    wanted = {today + timedelta(days=offset) for offset in range(-1, DAYS_AHEAD + 1)}
    wanted |= {row["day"] for row in await pool.fetch(statement("stray_days"))}
    for day in sorted(wanted - there):
        names = {
            "name": f"deliveries_{day:%Y%m%d}",
            "day": day.isoformat(),
            "next": (day + timedelta(days=1)).isoformat(),
        }
        await pool.execute(statement("create_delivery_day").format(**names))


async def drop_days(pool: Pool, before: date) -> int:
    """Drop the days before that one; returns how many."""
    dropped = 0
    async with pool.acquire() as connection:
        for row in await connection.fetch(statement("delivery_days")):
            if row["day"] < before:
                async with connection.transaction():
                    await connection.execute(statement("keep_dead_bodies"), row["day"])
                    await connection.execute(statement("close_delivery_day"), row["day"])
                    await connection.execute(statement("drop_delivery_day").format(name=row["name"]))
                dropped += 1
    return dropped


class ReplayWindow(NamedTuple):
    """Stored deliveries, received from `since` on and before `until`; None leaves a condition out."""

    since: datetime
    until: datetime
    event: str | None = None
    source: str | None = None


async def stored(pool: Pool, window: ReplayWindow) -> AsyncIterator[Delivery]:
    """In the order of their receipt, a page at a time."""
    after: tuple[datetime, UUID] = (window.since, UUID(int=0))
    while rows := await pool.fetch(statement("deliveries_page"), *window, *after, PAGE, PAGE_BYTES):
        for row in rows:
            yield Delivery(*row)
        after = rows[-1]["received_at"], rows[-1]["id"]


async def count(pool: Pool, window: ReplayWindow) -> int:
    return int(await pool.fetchval(statement("count_deliveries"), *window))


async def events_of(pool: Pool, delivery: Delivery) -> int | None:
    """By its books; None once its day is dropped."""
    found: int | None = await pool.fetchval(statement("events_of_delivery"), delivery.received_at, delivery.id)
    return found
