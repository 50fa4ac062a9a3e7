"""Let the town talk: post its events at a steady rate, try again as Kapso does, and write the ledger."""

import asyncio
import heapq
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import uvicorn

from tools.simulator.api import FILES, Api, serve
from tools.simulator.chaos import Chaos, PlannedPost
from tools.simulator.http import Poster, Unheard
from tools.simulator.kapso import Webhooks
from tools.simulator.ledger import LISTED, Ledger, LedgerLine
from tools.simulator.story.story import Story, outcome
from tools.simulator.town import Town
from tools.simulator.world import World

PATIENT = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Pauses between tries that outlast a short outage; Kapso's own are 10 and 40 seconds."""
TICK_SECONDS = 0.005
# Events of the history of the story that are sent at the same time.
AT_ONCE = 64


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
    retries: tuple[float, ...] = PATIENT
    pauses: bool = False
    api_port: int | None = None
    api_key: str = ""
    api_per_minute: int = 100
    api_faults: float = 0.0
    story: Path | None = None
    """Play the story instead of the town. Unless this file exists, send its eight weeks first, and write the chats
    to it."""


@dataclass(slots=True)
class SimulatorTally:
    events: int = 0
    deliveries: int = 0
    accepted: int = 0
    refused: int = 0
    unanswered: int = 0
    lost: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    """Refused deliveries by the status they got; 0 where no answer came."""

    def outcome(self, answer: int, events: int) -> None:
        self.accepted += events if answer == 200 else 0
        self.refused += events if answer not in (0, 200) else 0
        self.unanswered += events if answer == 0 else 0
        if answer != 200:
            self.answers[answer] += 1


Heard: TypeAlias = Callable[[SimulatorTally], None]


async def simulate(
    plan: Plan, stop: asyncio.Event, progress: Heard | None = None, finished: Heard | None = None
) -> SimulatorTally:
    """Returns when everything was answered or given up. The rate is kept by the clock, whatever the answers take.

    With an API, the ledger ends with what the API says of everything, and the API goes on until `stop`. `finished` is
    called when all is posted and written.
    """
    return await Simulation(plan, stop, progress, finished).run()


class Simulation:
    def __init__(self, plan: Plan, stop: asyncio.Event, progress: Heard | None, finished: Heard | None) -> None:
        self._plan = plan
        self._stop = stop
        self._progress = progress
        self._finished = finished
        self._tally = SimulatorTally()
        self._poster, self._ledger = Poster(plan.url, plan.secret), Ledger(plan.ledger)
        self._chaos = Chaos(plan.seed, plan.chaos)
        where = {"files": f"http://127.0.0.1:{plan.api_port}{FILES}"} if plan.api_port else {}
        self._town: Town | Story = (
            Story(plan.seed, clock=time.time, **where)
            if plan.story
            else Town(plan.seed, people=plan.people, clock=time.time, chaos=plan.chaos, **where)
        )
        self._world = World(self._town.phone_number_id, workflow=self._town.workflows[0])
        self._webhooks = Webhooks(plan.url, plan.secret, self._town.phone_number_id, pauses=plan.pauses)
        self._due: list[tuple[float, int, PlannedPost]] = []

    async def run(self) -> SimulatorTally:
        server = await self._serve() if self._plan.api_port is not None else None
        try:
            if self._plan.story and isinstance(self._town, Story):
                await self._begin_story(self._town, self._plan.story)
            async with asyncio.TaskGroup() as group:
                await self._pace(group)
            if server:
                self._write_state()
            if self._finished:
                self._finished(self._tally)
            if server:
                await self._stop.wait()
        finally:
            self._poster.close()
            self._ledger.close()
            if server:
                server[0].should_exit = True
                await server[1]
        return self._tally

    async def _serve(self) -> "tuple[uvicorn.Server, asyncio.Task[None]]":
        plan = self._plan
        for number in (None, self._town.phone_number_id):
            self._webhooks.configure(number, {"url": plan.url, "secret_key": plan.secret, "payload_version": "v2"})
        api = Api(self._world, self._webhooks, key=plan.api_key, per_minute=plan.api_per_minute,
                  faults=plan.api_faults, seed=plan.seed)  # fmt: skip
        return await serve(api, plan.api_port or 0)

    async def _begin_story(self, story: Story, file: Path) -> None:
        """Send the history in its order, unless the file says that it was sent.

        Raises OSError if the receiver did not accept all of it.
        """
        if await asyncio.to_thread(file.exists):
            story.recall(json.loads(await asyncio.to_thread(file.read_text)))
            return
        events, chats = story.history()
        for start in range(0, len(events), AT_ONCE):
            batch = events[start : start + AT_ONCE]
            for event in batch:
                self._world.learn(event)
            posts = list(self._chaos.deliver(batch))
            now = time.monotonic()
            await asyncio.gather(*(self._deliver(post, now) for post in posts))
            self._tally.events += sum(post.events for post in posts)
            self._tally.deliveries += len(posts)
        if self._tally.accepted < self._tally.events:
            raise OSError("The receiver did not accept all of the eight weeks. Start again when it answers.")
        await asyncio.to_thread(file.write_text, json.dumps([outcome(one) for one in chats]))

    async def _pace(self, group: asyncio.TaskGroup) -> None:
        plan, tally, posts = self._plan, self._tally, self._posts()
        begun = told = time.monotonic()
        before = tally.events
        while not self._stop.is_set():
            now = time.monotonic()
            if plan.seconds is not None and now - begun >= plan.seconds:
                break
            while tally.events - before < (now - begun) * plan.rate and not (
                plan.events and tally.events >= plan.events
            ):
                post = next(posts)
                tally.events += post.events
                tally.deliveries += 1
                heapq.heappush(self._due, (now + post.after, tally.deliveries, post))
            if plan.events and tally.events >= plan.events:
                break
            while self._due and self._due[0][0] <= now:
                at, _, post = heapq.heappop(self._due)
                group.create_task(self._deliver(post, at))
            if self._progress and now - told >= 1:
                told = now
                self._progress(tally)
            await asyncio.sleep(TICK_SECONDS)
        # Post what is due later, such as late statuses, without waiting for its time.
        for late in self._chaos.rest():
            tally.events += late.events
            tally.deliveries += 1
            self._due.append((0.0, tally.deliveries, late))
        for _, _, post in sorted(self._due, key=lambda one: one[:2]):
            await asyncio.sleep(1 / max(plan.rate, 1))
            group.create_task(self._deliver(post, time.monotonic()))

    def _posts(self) -> Iterator[PlannedPost]:
        for scene in self._town.scenes():
            for event in scene:
                self._world.learn(event)
            yield from self._chaos.deliver(scene)

    async def _deliver(self, post: PlannedPost, scheduled: float) -> None:
        """Post it until it is taken or given up; one line in the ledger, timed from when it was due."""
        posted_at = time.time() - (time.monotonic() - scheduled)
        answer, unsure, attempts = await self._try(post)
        self._webhooks.ended(post.event, delivered=answer == 200, created_at=posted_at, attempts=attempts)
        answered_ms = (time.time() - posted_at) * 1000
        if post.lost or self._webhooks.paused:
            self._tally.lost += post.events
        else:
            self._tally.outcome(answer, post.events)
        unheard = unsure and answer != 200
        line = (post.expect, post.events, posted_at, answered_ms, answer, unheard)
        self._ledger.write(LedgerLine(post.key, post.event, post.version, post.body, *line))
        if answer != 200 and post.events > 1 and post.event and not post.lost:
            # Kapso sends the elements of a batch that failed alone, under new keys.
            for one in self._chaos.apart(post):
                await self._deliver(one, time.monotonic())

    async def _try(self, post: PlannedPost) -> tuple[int, bool, int]:
        """The last answer, whether it may have been taken unheard, and the number of attempts."""
        headers = {"X-Idempotency-Key": post.key}
        if post.event:
            headers["X-Webhook-Event"] = post.event
        if post.version:
            headers["X-Webhook-Payload-Version"] = post.version
        body, answer, unsure, attempts = post.body.encode(), 0, False, 0
        for pause in (*self._plan.retries, None):
            if post.lost or self._webhooks.paused:
                break
            attempts += 1
            try:
                answer = await self._poster.post(body, headers)
            except Unheard:
                unsure = True
            except OSError:
                pass
            if answer == 200 or pause is None:
                break
            await asyncio.sleep(pause)
        return answer, unsure, attempts

    def _write_state(self) -> None:
        """What the API says at the end: what the mirror must say too, when it has compared."""

        self._world.freeze()

        def write(event: str, body: dict[str, Any]) -> None:
            text = json.dumps(body, ensure_ascii=False)
            self._ledger.write(LedgerLine("api", event, None, text, "applied", 0, time.time(), 0.0, LISTED, False))

        for message in self._world.all_messages():
            write("api.message", message)
        for session in self._world.conversations.values():
            write("whatsapp.conversation.listed", {"conversation": session})
