"""Let the town talk: post its events at a steady rate, try again as Kapso does, and write the ledger."""

import asyncio
import heapq
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from simulator.chaos import Chaos, Post
from simulator.http import Poster, Unheard
from simulator.ledger import Ledger, Line
from simulator.town import Town

RETRY_SECONDS = (0.5, 1, 2, 4, 8, 16)
TICK_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Plan:
    """`rate` is in events a second. It ends after `events` or `seconds`, whichever comes first; None is no bound."""

    url: str
    secret: str
    ledger: Path
    rate: float
    seed: int
    events: int | None = None
    seconds: float | None = None
    chaos: frozenset[str] = frozenset()
    people: int = 300


@dataclass(slots=True)
class Tally:
    events: int = 0
    deliveries: int = 0
    accepted: int = 0
    refused: int = 0
    unheard: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    """Refused deliveries by the status they got; 0 where no answer came."""


async def simulate(plan: Plan, stop: asyncio.Event, progress: Callable[[Tally], None] | None = None) -> Tally:
    """Returns when everything was answered or given up. The rate is kept by the clock, whatever the answers take."""
    tally = Tally()
    poster, ledger = Poster(plan.url, plan.secret), Ledger(plan.ledger)
    try:
        async with asyncio.TaskGroup() as group:
            await _pace(plan, stop, tally, group, poster, ledger, progress)
    finally:
        poster.close()
        ledger.close()
    return tally


async def _pace(
    plan: Plan,
    stop: asyncio.Event,
    tally: Tally,
    group: asyncio.TaskGroup,
    poster: Poster,
    ledger: Ledger,
    progress: Callable[[Tally], None] | None,
) -> None:
    chaos = Chaos(plan.seed, plan.chaos)
    town = Town(plan.seed, people=plan.people, clock=time.time, chaos=plan.chaos)
    posts = _posts(town, chaos)
    begun = told = time.monotonic()
    due: list[tuple[float, int, Post]] = []
    while not stop.is_set():
        now = time.monotonic()
        if plan.seconds is not None and now - begun >= plan.seconds:
            break
        while tally.events < (now - begun) * plan.rate and not (plan.events and tally.events >= plan.events):
            post = next(posts)
            tally.events += post.events
            tally.deliveries += 1
            heapq.heappush(due, (now + post.after, tally.deliveries, post))
        if plan.events and tally.events >= plan.events:
            break
        while due and due[0][0] <= now:
            at, _, post = heapq.heappop(due)
            group.create_task(_deliver(post, at, poster, ledger, tally, stop))
        if progress and now - told >= 1:
            told = now
            progress(tally)
        await asyncio.sleep(TICK_SECONDS)
    # What was begun is finished, late statuses included, but not waited for by the clock.
    due += [(0.0, 0, late) for late in chaos.rest()]
    for at, _, post in sorted(due, key=lambda one: one[:2]):
        await asyncio.sleep(1 / max(plan.rate, 1))
        group.create_task(_deliver(post, max(at, time.monotonic()), poster, ledger, tally, stop))


def _posts(town: Town, chaos: Chaos) -> Iterator[Post]:
    for scene in town.scenes():
        yield from chaos.deliver(scene)


async def _deliver(
    post: Post, scheduled: float, poster: Poster, ledger: Ledger, tally: Tally, stop: asyncio.Event
) -> None:
    """Post it until it is taken; one line in the ledger, timed from when it was due."""
    posted_at = time.time() - (time.monotonic() - scheduled)
    headers = {"X-Idempotency-Key": post.key}
    if post.event:
        headers["X-Webhook-Event"] = post.event
    if post.version:
        headers["X-Webhook-Payload-Version"] = post.version
    body, answer, unsure = post.body.encode(), 0, False
    for pause in (*RETRY_SECONDS, None):
        try:
            answer = await poster.post(body, headers)
        except Unheard:
            unsure = True
        except OSError:
            pass
        if answer == 200 or pause is None:
            break
        await asyncio.sleep(pause)
    answered_ms = (time.time() - posted_at) * 1000
    tally.accepted += post.events if answer == 200 else 0
    tally.refused += post.events if answer not in (0, 200) else 0
    tally.unheard += post.events if answer == 0 else 0
    if answer != 200:
        tally.answers[answer] += 1
    line = (post.expect, post.events, posted_at, answered_ms, answer, unsure and answer != 200)
    ledger.write(Line(post.key, post.event, post.version, post.body, *line))
