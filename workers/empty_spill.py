"""Empty the spill. Needs no Redis: while Redis is away this is how the mirror stays fresh. One worker at a time."""

import asyncio
import contextlib

import structlog

from store.postgres import STORE_ERRORS
from store.spill import Spill, Spilled
from workers.failures import CRASHES_ALONE, SUSPICIOUS_TRIES, describe
from workers.settle import Settler, Stuck, crashed, read

log = structlog.get_logger(__name__)

BATCH = 500
PAUSE_SECONDS = 0.2
TROUBLED_SECONDS = 2.0


async def empty_spill(spill: Spill, settler: Settler, stop: asyncio.Event) -> None:
    """Until `stop`. What fails is there the next time."""
    while not stop.is_set():
        count, pause = 0, PAUSE_SECONDS
        try:
            async with spill.ours() as ours:
                if ours:
                    count = await _settle_some(spill, settler)
        except (*STORE_ERRORS, Stuck) as error:
            log.warning("the spill waits", error=describe(error))
            pause = TROUBLED_SECONDS
        if not count:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)


async def _settle_some(spill: Spill, settler: Settler) -> int:
    if not (taken := await spill.take(BATCH, alone_from=SUSPICIOUS_TRIES)):
        return 0
    if _fell_too_often(taken):
        reads = [crashed(one.delivery) for one in taken]
    else:
        reads = read([one.delivery for one in taken])
    await settler.settle(reads)
    await spill.remove([one.delivery for one in taken])
    log.info("settled from the spill", deliveries=len(taken))
    return len(taken)


def _fell_too_often(taken: list[Spilled]) -> bool:
    """Only what is taken alone can have been begun this often."""
    return taken[0].attempts > SUSPICIOUS_TRIES + CRASHES_ALONE
