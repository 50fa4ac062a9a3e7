"""One thing after the other, so many a second, with progress, until it is done or somebody wants it to end."""

import time
from asyncio import sleep
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from workers.replay import Outcomes

Thing = TypeVar("Thing")


@dataclass(slots=True)
class Run:
    """How far it has come: things taken up, and what became of their events."""

    done: int = 0
    outcomes: Outcomes = field(default_factory=Outcomes)


async def replay_paced(
    run: Run,
    things: AsyncIterator[Thing],
    one: Callable[[Thing], Awaitable[Outcomes]],
    told: Callable[[Thing, Outcomes], Awaitable[bool]],
    *,
    per_second: float | None,
) -> bool:
    """True when all were taken up; `told` hears of each and says whether to go on. No pace: as fast as it goes."""
    begun = time.monotonic()
    async for thing in things:
        outcomes = await one(thing)
        run.done += 1
        run.outcomes.add(outcomes)
        if not await told(thing, outcomes):
            return False
        if per_second and (early := begun + run.done / per_second - time.monotonic()) > 0:
            await sleep(early)
    return True
