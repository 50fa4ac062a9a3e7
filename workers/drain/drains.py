"""The jobs that keep a drain on each stream, and what is told of them: progress, alarms, tries."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from store.inbox import inbox, watermarks
from store.inbox.inbox import Entry, stream_name
from store.inbox.lease import Lease, drain_lease
from store.ops import alarms, drains
from store.ops.heartbeats import Heartbeat
from store.postgres import STORE_ERRORS, Pool
from store.privacy.tombstones import Tombstones
from workers.arq_worker import Job
from workers.drain.drain import Drain
from workers.drain.failures import describe, waiting_words
from workers.drain.mapping.values import Bounds
from workers.drain.settle import Settler, Stuck

log = structlog.get_logger(__name__)

# Often enough that a drain always has somebody standing by; each stands by a little longer than the pause between two.
TICK_SECONDS = 2
PROGRESS_SECONDS = 15.0
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
        bounds: Callable[[], Bounds],
    ) -> None:
        self._number = number
        self._pool = pool
        self._redis = redis
        self._stop = stop
        self._shift_seconds = shift_seconds
        self._alone = alone
        self._bounds = bounds
        self._tries = inbox.StreamTries(redis, number)
        self._settler = Settler(pool, release=release, give_up=stop.is_set, on_wait=self._waits, tombstones=tombstones)
        self._heartbeat = Heartbeat(redis, f"drain {number}", within=PROGRESS_SECONDS)
        self._alarm = f"drain {number} stopped"
        self._may_stand = True  # an alarm that another process left behind

    async def drain(self) -> None:
        lease = Lease(self._redis, drain_lease(self._number), milliseconds=LEASE_MS)
        reader = inbox.StreamReader(self._redis, self._number)
        drain = Drain(
            reader,
            lease,
            self._tries,
            self._settler,
            self._stop,
            shift_seconds=self._shift_seconds,
            alone=self._alone,
            report=self._report,
            bounds=self._bounds,
        )
        try:
            await drain.stand_by(TICK_SECONDS + 1)
        except Stuck as stuck:
            self._may_stand = True
            self._heartbeat.waits(STUCK.format(error=stuck))
            with contextlib.suppress(*STORE_ERRORS):
                await alarms.sound(self._pool, self._alarm, STUCK.format(error=stuck))
        except RedisError as error:
            log.warning("drain lost redis", error=type(error).__name__)
            self._heartbeat.waits(
                f"redis cannot be read ({type(error).__name__}): check REDIS_URL and {stream_name(self._number)}"
            )
        except STORE_ERRORS as error:
            log.warning("drain lost a store", error=describe(error))

    async def _waits(self, error: BaseException) -> None:
        """Waiting is no crash."""
        self._heartbeat.waits(waiting_words(error))
        with contextlib.suppress(RedisError, OSError):
            await self._tries.over()

    async def _report(self, complete_to: datetime, kapso_seconds: float | None, settled: Entry | None) -> None:
        self._heartbeat.beat()
        try:
            await drains.report(self._pool, self._number, complete_to, kapso_seconds)
            if settled and settled.numbered:
                await watermarks.settled(self._pool, self._number, settled.numbered, settled.accepted_at)
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
    bounds: Callable[[], Bounds],
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
            bounds=bounds,
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
