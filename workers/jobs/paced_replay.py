"""Replay things one after the other at a limited rate, with progress, until all are done or somebody ends it."""

import time
from asyncio import sleep
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from workers.jobs.replay import Outcomes

Thing = TypeVar("Thing")


@dataclass(slots=True)
class PacedRun:
    """How far it has come: things taken up, also by a run before this one, and what became of their events."""

    done: int = 0
    outcomes: Outcomes = field(default_factory=Outcomes)


async def replay_paced(
    run: PacedRun,
    things: AsyncIterator[Thing],
    one: Callable[[Thing], Awaitable[Outcomes]],
    told: Callable[[Thing, Outcomes], Awaitable[bool]],
    *,
    per_second: float | None,
) -> bool:
    """Replay each thing with `one`, then pass its outcomes to `told`; stop if `told` returns False.

    Return whether all things were replayed. If `per_second` is None, there are no pauses.
    """
    begun, before = time.monotonic(), run.done
    async for thing in things:
        outcomes = await one(thing)
        run.done += 1
        run.outcomes.add(outcomes)
        if not await told(thing, outcomes):
            return False
        if per_second and (early := begun + (run.done - before) / per_second - time.monotonic()) > 0:
            await sleep(early)
    return True
