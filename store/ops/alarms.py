"""What needs a person. An alarm stands from when its cause was first seen until the cause is gone. Writes `alarms`;
a trigger keeps those that are over as `incidents`."""

from datetime import datetime, timedelta
from typing import NamedTuple

import structlog

from store.postgres import Pool, statement

log = structlog.get_logger(__name__)


class Alarm(NamedTuple):
    name: str
    what: str
    raised_at: datetime


async def sound(pool: Pool, name: str, what: str) -> None:
    """`what` says what is the matter and what to do."""
    log.error("alarm", alarm=name, what=what)
    await pool.execute(statement("raise_alarm"), name, what)


async def clear(pool: Pool, name: str) -> None:
    if await pool.execute(statement("clear_alarm"), name) != "DELETE 0":
        log.info("alarm is over", alarm=name)


async def set_or_clear(pool: Pool, name: str, what: str | None) -> None:
    """Raise it with these words; None clears it."""
    await (clear(pool, name) if what is None else sound(pool, name, what))


async def forget(pool: Pool, kind: str, after: timedelta) -> None:
    """Drop alarms whose names begin with `kind` and that were not sounded for so long: who raised them is gone."""
    await pool.execute(statement("forget_alarms"), kind, after)


class Incident(NamedTuple):
    """An alarm that is over, or that stands (`ended_at` is None)."""

    name: str
    what: str
    began_at: datetime
    ended_at: datetime | None


async def incidents(pool: Pool, last: timedelta) -> list[Incident]:
    """Oldest first."""
    return [Incident(*row) for row in await pool.fetch(statement("incidents"), last)]


async def standing(pool: Pool) -> list[Alarm]:
    return [Alarm(*row) for row in await pool.fetch(statement("alarms"))]
