"""Detect accepted deliveries that Redis lost, raise an alarm, and read again over REST what arrived in that window."""

import time
from collections.abc import Awaitable, Callable, Sequence

import structlog
from redis.asyncio import Redis

from kapso.client import KapsoError, Rejected
from kapso.events import NOT_LISTED
from store.inbox import watermarks
from store.inbox.lease import Lease
from store.inbox.watermarks import Loss
from store.ops import alarms
from store.postgres import Pool

log = structlog.get_logger(__name__)

ALARM = "accepted deliveries lost"
LEASE_MS = 10_000
TRY_AGAIN_SECONDS = 60.0
LOST = (
    "Redis lost up to {count} accepted deliveries, received between {since:%Y-%m-%d %H:%M:%S} and "
    "{until:%Y-%m-%d %H:%M:%S} UTC. {repair} Kapso's API does not give back: {kinds}. Look at mirror losses; "
    "mirror losses acknowledge ends this alarm."
)
REPAIRED = "That window was read again over REST: {missing} rows were missing and are here now."
WAITING = "That window is read again over REST."
NOBODY = "Nothing repairs it: KAPSO_API_KEY is not set."
Repair = Callable[[Loss], Awaitable[int]]


class LossWatch:
    def __init__(self, pool: Pool, redis: Redis, repair: Repair | None, *, shards: int = 1) -> None:
        """`repair` reads a window again and returns how many rows were missing; None without a key for Kapso's API."""
        self._pool = pool
        self._redis = redis
        self._repair = repair
        self._shards = shards
        self._rests_until = 0.0

    async def tick(self) -> None:
        async with Lease(self._redis, "watch:losses", milliseconds=LEASE_MS).held() as ours:
            if ours:
                await watermarks.compare(self._pool, self._redis, shards=self._shards)
                await self._say()
                if await self._mend():
                    await self._say()

    async def _say(self) -> None:
        lost = await watermarks.losses(self._pool)
        await alarms.set_or_clear(self._pool, ALARM, words(lost, can_repair=self._repair is not None) if lost else None)

    async def _mend(self) -> bool:
        """Whether something was read again."""
        unrepaired = [loss for loss in await watermarks.losses(self._pool) if loss.repaired_at is None]
        if self._repair is None or not unrepaired or time.monotonic() < self._rests_until:
            return False
        done = 0
        for loss in unrepaired:
            try:
                missing = await self._repair(loss)
            except KapsoError as error:
                log.warning("kapso can't be asked for what was lost, trying again", loss=loss.id, error=str(error))
                self._rests_until = time.monotonic() + TRY_AGAIN_SECONDS
                if isinstance(error, Rejected):  # of this window; the others may be read
                    continue
                break
            await watermarks.repaired(self._pool, loss, missing)
            log.info("read the window of a loss again", loss=loss.id, missing=missing)
            done += 1
        return done > 0


def words(lost: Sequence[Loss], *, can_repair: bool) -> str:
    """All losses that nobody has acknowledged, as one (pure)."""
    if any(loss.repaired_at is None for loss in lost):
        repair = WAITING if can_repair else NOBODY
    else:
        repair = REPAIRED.format(missing=sum(loss.missing or 0 for loss in lost))
    return LOST.format(
        count=sum(loss.deliveries for loss in lost), since=min(loss.since for loss in lost),
        until=max(loss.until for loss in lost), repair=repair, kinds=", ".join(NOT_LISTED),
    )  # fmt: skip
