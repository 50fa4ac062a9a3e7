"""Empty the spill. Needs no Redis: while Redis is away this is how the mirror stays fresh. One worker at a time."""

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from rows.delivery import Delivery
from store import alarms
from store.postgres import STORE_ERRORS, Pool
from store.spill import Spill, Spilled
from store.tombstones import Tombstones
from workers.failures import CRASHES_ALONE, SUSPICIOUS_TRIES, describe
from workers.settle import Settler, Stuck, crashed, read

log = structlog.get_logger(__name__)

BATCH = 500
PAUSE_SECONDS = 0.2
TROUBLED_SECONDS = 2.0
ALARM = "spill stopped"
STUCK = (
    "Delivery after delivery in the spill meets {error}: it waits, nothing is lost. "
    "This release can't read or write what comes; deploy one that can."
)


class SpillDrain:
    """Attempts are counted before, so that a crash counts; every other end takes them back."""

    def __init__(
        self,
        pool: Pool,
        stop: asyncio.Event,
        *,
        release: str,
        give_up: Callable[[], bool],
        alone: asyncio.Lock,
        tombstones: Tombstones,
    ) -> None:
        """`alone` is held by whoever of this process tries what may kill it, so that nobody else's count goes up."""
        self._pool = pool
        self._stop = stop
        self._spill = Spill(pool, limit_bytes=0)
        self._settler = Settler(pool, release=release, give_up=give_up, on_wait=self._give_back, tombstones=tombstones)
        self._alone = alone
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
            except Exception as error:
                log.warning("the spill waits", error=describe(error))
                pause = TROUBLED_SECONDS
            if not count:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), pause)

    async def _settle_some(self) -> int:
        taken = await self._spill.take(BATCH, alone_from=SUSPICIOUS_TRIES)
        if not taken:
            return 0
        self._taken = [one.delivery for one in taken]
        try:
            await self._settler.settle(
                [crashed(one) for one in self._taken] if _fell_too_often(taken) else read(self._taken)
            )
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

    async def _give_back(self) -> None:
        """Once a batch; where Postgres does not take even that, it is tried again at the next wait."""
        with contextlib.suppress(*STORE_ERRORS):
            if self._taken:
                await self._spill.give_back(self._taken)
                self._taken = []


def _fell_too_often(taken: list[Spilled]) -> bool:
    """Only what is taken alone can have been begun this often."""
    return taken[0].attempts > SUSPICIOUS_TRIES + CRASHES_ALONE
