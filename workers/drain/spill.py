"""Empty the spill. Needs no Redis: while Redis is away this is how the mirror stays fresh. One worker at a time."""

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from domain.delivery import Delivery
from store.inbox.spill import Spill, Spilled
from store.ops import alarms
from store.ops.heartbeats import Heartbeat
from store.postgres import STORE_ERRORS, Pool
from store.privacy.tombstones import Tombstones
from workers.drain.failures import CRASHES_ALONE, SUSPICIOUS_TRIES, describe, waiting_words
from workers.drain.mapping.values import Bounds
from workers.drain.settle import InterpretedDelivery, Settler, Stuck, crashed, interpreted

log = structlog.get_logger(__name__)

BATCH = 500
BATCH_BYTES = 8 * 1024 * 1024
BATCH_EVENTS = 5000
PAUSE_SECONDS = 0.2
TROUBLED_SECONDS = 2.0
ALARM = "spill stopped"
STUCK = (
    "Delivery after delivery in the spill meets {error}: it waits, nothing is lost. "
    "This release can't read or write what comes; deploy one that can."
)


class SpillDrain:
    """Empties the spill. An attempt is counted before it begins, so that a crash leaves it counted; any other failure,
    and a wait for Postgres, takes the count back.
    """

    def __init__(
        self,
        pool: Pool,
        stop: asyncio.Event,
        *,
        release: str,
        give_up: Callable[[], bool],
        alone: asyncio.Lock,
        tombstones: Tombstones,
        bounds: Callable[[], Bounds],
        heartbeat: Heartbeat,
    ) -> None:
        """`alone` is a lock that one loop of this process at a time holds while it settles a delivery that may crash
        the process: a crash then raises the count of that delivery only.
        """
        self._pool = pool
        self._stop = stop
        self._spill = Spill(pool, limit_bytes=0)
        self._settler = Settler(pool, release=release, give_up=give_up, on_wait=self._waits, tombstones=tombstones)
        self._alone = alone
        self._bounds = bounds
        self._heartbeat = heartbeat
        self._taken: list[Delivery] = []
        self._alarm_stands = True  # maybe, from another process

    async def run(self) -> None:
        """Until told to stop. What fails is there the next time."""
        while not self._stop.is_set():
            count, pause = 0, PAUSE_SECONDS
            try:
                async with self._alone, self._spill.ours() as ours:
                    if ours:
                        count = await self._settle_some()
                        self._heartbeat.beat()
            except Exception as error:
                log.warning("the spill waits", error=describe(error))
                self._heartbeat.waits(waiting_words(error))
                pause = TROUBLED_SECONDS
            if not count:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), pause)

    async def _settle_some(self) -> int:
        taken = await self._spill.take(BATCH, most_bytes=BATCH_BYTES, alone_from=SUSPICIOUS_TRIES)
        if not taken:
            return 0
        self._taken = [one.delivery for one in taken]
        try:
            await self._settle(taken)
            await self._spill.remove([one.delivery for one in taken])
        except Exception as error:
            await self._give_back()
            if isinstance(error, Stuck):
                self._alarm_stands = True
                await alarms.sound(self._pool, ALARM, STUCK.format(error=error))
            raise
        if self._alarm_stands:
            await alarms.clear(self._pool, ALARM)
            self._alarm_stands = False
        log.info("settled from the spill", deliveries=len(taken))
        return len(taken)

    async def _settle(self, taken: list[Spilled]) -> None:
        if _fell_too_often(taken):
            await self._settler.settle([crashed(one.delivery) for one in taken])
            return
        batch: list[InterpretedDelivery] = []
        for one in taken:
            batch.append(interpreted(one.delivery, self._bounds()))
            if sum(each.reading.count for each in batch) >= BATCH_EVENTS:
                await self._settler.settle(batch)
                batch = []
        await self._settler.settle(batch)

    async def _waits(self, error: BaseException) -> None:
        self._heartbeat.waits(waiting_words(error))
        await self._give_back()

    async def _give_back(self) -> None:
        """Once a batch; where Postgres does not take even that, it is tried again at the next wait."""
        with contextlib.suppress(*STORE_ERRORS):
            if self._taken:
                await self._spill.give_back(self._taken)
                self._taken = []


def _fell_too_often(taken: list[Spilled]) -> bool:
    """Only what is taken alone can have been begun this often."""
    return taken[0].attempts > SUSPICIOUS_TRIES + CRASHES_ALONE
