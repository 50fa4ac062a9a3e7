"""The jobs that keep a drain on each stream, and what is told of them: progress, alarms, tries."""

import asyncio
import contextlib
from datetime import datetime

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from store import alarms, drains, inbox
from store.lease import Lease, drain_lease
from store.postgres import STORE_ERRORS, Pool
from store.tombstones import Tombstones
from workers.arq_worker import Job
from workers.drain import Drain
from workers.failures import describe
from workers.settle import Settler, Stuck

log = structlog.get_logger(__name__)

# Often enough that a drain always has somebody standing by; each stands by a little longer than the pause between two.
TICK_SECONDS = 2
LEASE_MS = 5_000
STUCK = (
    "Event after event meets {error}: nothing is drained, nothing is lost. "
    "This release can't read or write what comes; deploy one that can."
)


class Shard:
    """One stream, and this process's share in draining it."""

    def __init__(
        self,
        number: int,
        pool: Pool,
        redis: Redis,
        stop: asyncio.Event,
        *,
        shift_seconds: float,
        release: str,
        alone: asyncio.Lock,
        tombstones: Tombstones,
    ) -> None:
        self._number = number
        self._pool = pool
        self._redis = redis
        self._stop = stop
        self._shift_seconds = shift_seconds
        self._alone = alone
        self._tries = inbox.Tries(redis, number)
        self._settler = Settler(
            pool, release=release, give_up=stop.is_set, on_wait=self._not_a_crash, tombstones=tombstones
        )
        self._alarm = f"drain {number} stopped"
        self._may_stand = True  # an alarm that another process left behind

    async def drain(self) -> None:
        lease = Lease(self._redis, drain_lease(self._number), milliseconds=LEASE_MS)
        reader = inbox.Reader(self._redis, self._number)
        drain = Drain(
            reader,
            lease,
            self._tries,
            self._settler,
            self._stop,
            shift_seconds=self._shift_seconds,
            alone=self._alone,
            report=self._report,
        )
        try:
            await drain.stand_by(TICK_SECONDS + 1)
        except Stuck as stuck:
            self._may_stand = True
            with contextlib.suppress(*STORE_ERRORS):
                await alarms.sound(self._pool, self._alarm, STUCK.format(error=stuck))
        except STORE_ERRORS as error:
            log.warning("drain gave up waiting for postgres", error=describe(error))

    async def _not_a_crash(self) -> None:
        with contextlib.suppress(RedisError, OSError):
            await self._tries.over()

    async def _report(self, complete_to: datetime, kapso_seconds: float | None) -> None:
        try:
            await drains.report(self._pool, self._number, complete_to, kapso_seconds)
            if self._may_stand:
                await alarms.clear(self._pool, self._alarm)
                self._may_stand = False
        except STORE_ERRORS as error:
            log.warning("progress can't be stored", error=describe(error))


def drain_jobs(
    pool: Pool,
    redis: Redis,
    stop: asyncio.Event,
    *,
    count: int,
    shift_seconds: float,
    release: str,
    alone: asyncio.Lock,
    tombstones: Tombstones,
) -> list[Job]:
    """One per stream; every worker has them, and the lease says whose turn it is."""
    shards = [
        Shard(
            number,
            pool,
            redis,
            stop,
            shift_seconds=shift_seconds,
            release=release,
            alone=alone,
            tombstones=tombstones,
        )
        for number in range(count)
    ]
    return [
        Job(
            f"drain:{number}",
            shard.drain,
            timeout_seconds=int(shift_seconds) + 60,
            schedule={"second": set(range(0, 60, TICK_SECONDS))},
            finishes=True,
        )
        for number, shard in enumerate(shards)
    ]
