"""The clock of this process, compared with the clocks of Postgres and Redis. Raises `alarms` named "clock of …"."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from statistics import median_high

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from store.ops import alarms
from store.postgres import STORE_ERRORS, Pool, statement

log = structlog.get_logger(__name__)

LIMIT = timedelta(seconds=5)
EVERY_SECONDS = 60.0
# Longer than this an answer says nothing about the time at which it was given.
PATIENCE_SECONDS = 2.0
ALARM = "clock of "
FORGOTTEN_AFTER = timedelta(minutes=10)
WRONG = (
    "The clock of {who} differs: {differences}. Times are corrected meanwhile. "
    "Set the clock of that machine (NTP), or of the server that is wrong."
)


def utc_now() -> datetime:
    return datetime.now(UTC)


class Clocks:
    """Tells the time by a majority of this machine, Postgres and Redis, as far as they were asked."""

    def __init__(self, local: Callable[[], datetime] = utc_now) -> None:
        self._local = local
        self._ahead: dict[str, timedelta] = {}

    def now(self) -> datetime:
        """UTC. The local time, corrected if both other clocks differ by more than LIMIT.

        Of two clocks that differ, it is not known which one is right.
        """
        off = median_high([timedelta(), *self._ahead.values()]) if len(self._ahead) > 1 else timedelta()
        return self._local() + (off if abs(off) > LIMIT else timedelta())

    async def compare(self, pool: Pool, redis: Redis) -> dict[str, timedelta]:
        """Ask both stores; returns how far each is ahead of this machine. A store that does not answer is left out."""
        answers = {
            "postgres": await self._asked(lambda: pool.fetchval(statement("clock"))),
            "redis": await self._asked(lambda: _redis_time(redis)),
        }
        self._ahead = {name: ahead for name, ahead in answers.items() if ahead is not None}
        return self._ahead

    async def _asked(self, ask: Callable[[], Awaitable[datetime]]) -> timedelta | None:
        before = self._local()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                theirs = await ask()
        except (RedisError, *STORE_ERRORS):
            return None
        return theirs - (before + (self._local() - before) / 2)


async def watch(clocks: Clocks, pool: Pool, redis: Redis, *, role: str) -> None:
    """Compare now and every minute, for as long as the task lives. The alarm stands while a clock differs."""
    who = f"{role} on {socket.gethostname()}"
    while True:
        ahead = await clocks.compare(pool, redis)
        try:
            await alarms.set_or_clear(pool, f"{ALARM}{who}", difference(who, ahead))
            await alarms.forget(pool, ALARM, FORGOTTEN_AFTER)
        except STORE_ERRORS as error:
            log.warning("clocks can't be reported", error=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)


def difference(who: str, ahead: dict[str, timedelta]) -> str | None:
    """What is wrong, in words; None if no clock differs by more than LIMIT (pure)."""
    wrong = [
        f"{name} is {abs(by.total_seconds()):.0f} s {'ahead' if by > timedelta() else 'behind'}"
        for name, by in sorted(ahead.items())
        if abs(by) > LIMIT
    ]
    return WRONG.format(who=who, differences=", ".join(wrong)) if wrong else None


async def _redis_time(redis: Redis) -> datetime:
    seconds, microseconds = await redis.time()
    return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=microseconds)
