"""Tell browsers that something may have changed, and show a view once to all who look at it.

One look at the database serves every listener. What a view costs is paid once until something changes again.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Hashable
from typing import Any, NamedTuple

import structlog
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from store.ops import live
from store.postgres import STORE_ERRORS, Pool
from store.tasks import cancel_and_wait

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.15
# Seconds until a revoked session or key stops receiving events.
ASK_SECONDS = 3.0
MOST_VIEWS = 1000
# Open lines of one session or key. More tabs than that find their way by asking again.
MOST_LINES = 30
# What depends on the clock (who is snoozed) changes without a commit.
LONGEST_SECONDS = 10.0
CHANGED = b"event: changed\ndata:\n\n"
STILL_HERE = b"event: still\ndata:\n\n"
AWAY = b"event: away\ndata:\n\n"


Over = Callable[[], Coroutine[Any, Any, object]]
"""Returns when nobody listens any more."""


class Made(NamedTuple):
    """A view: after how many changes and when it was begun."""

    changes: int
    at: float
    task: asyncio.Future[Any]


class Hub:
    """Each listener holds at most one signal, however slow it is."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._listeners: set[asyncio.Event] = set()
        self._lines: Counter[Hashable] = Counter()
        self._looking: asyncio.Task[None] | None = None
        self._views: dict[Hashable, Made] = {}
        self._changes = 0
        self._away = False
        """Whether Postgres did not answer when we looked last."""

    def stream(self, who: Hashable, may: Callable[[], Awaitable[bool]], over: Over) -> Response:
        """The answer that `listen` fills; 429 for one who has MOST_LINES already: webhooks need connections too."""
        if self._lines[who] >= MOST_LINES:
            return Response("too many open event streams", 429, {"Retry-After": "10"}, "text/plain")
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self.listen(who, may, over), media_type="text/event-stream", headers=headers)

    async def listen(self, who: Hashable, may: Callable[[], Awaitable[bool]], over: Over) -> AsyncIterator[bytes]:
        """Server-sent events, as long as they `may`: `changed` when something did, `still` to show that the line lives,
        `away` while Postgres does not answer.

        `may` is asked every few seconds, once for all lines of the same `who`. `over` returns when nobody listens any
        more.
        """
        changed = asyncio.Event()
        self._listeners.add(changed)
        self._lines[who] += 1
        self._look_while_anybody_listens()
        ending = asyncio.create_task(over())
        ending.add_done_callback(lambda _: changed.set())
        try:
            yield b"retry: 1000\n" + CHANGED  # what happened before the line was up
            while await self._may(who, may):
                try:
                    async with asyncio.timeout(ASK_SECONDS):
                        await changed.wait()
                except TimeoutError:
                    yield AWAY if self._away else STILL_HERE
                    continue
                if ending.done():
                    return
                changed.clear()
                yield AWAY if self._away else CHANGED
        finally:
            self._listeners.discard(changed)
            ending.cancel()
            self._lines[who] -= 1
            if not self._lines[who]:
                del self._lines[who]

    async def _may(self, who: Hashable, may: Callable[[], Awaitable[bool]]) -> bool:
        try:
            return bool(await self.shared(("may", who), may, seconds=ASK_SECONDS))
        except STORE_ERRORS:  # without Postgres the stream has nothing to send
            return True

    async def shared(self, view: Hashable, make: Callable[[], Awaitable[Any]], *, seconds: float | None = None) -> Any:
        """What `make` gives, made once for all who ask: until something changes, or for so many seconds."""
        made = self._views.get(view)
        if made is None or not self._stands(made, seconds):
            if len(self._views) >= MOST_VIEWS:
                self._views.clear()
            made = Made(self._changes, time.monotonic(), asyncio.ensure_future(make()))
            self._views[view] = made
        # One who goes away must not end it for the others.
        return await asyncio.shield(made.task)

    def ready(self, view: Hashable) -> Any:
        """Return the newest result if it is finished, even if outdated, else None: for callers that must not wait."""
        made = self._views.get(view)
        there = made is not None and made.task.done() and not made.task.cancelled() and made.task.exception() is None
        return made.task.result() if made and there else None

    def _stands(self, made: "Made", seconds: float | None) -> bool:
        if made.task.done() and (made.task.cancelled() or made.task.exception() is not None):
            return False
        if seconds is not None:
            return time.monotonic() - made.at <= seconds
        if made.task.done() and time.monotonic() - made.at > LONGEST_SECONDS:
            return False
        return made.changes == self._changes and (bool(self._listeners) or not made.task.done())

    def forget(self) -> None:
        """Drop all cached views, after a write of this process."""
        self._views.clear()

    async def close(self) -> None:
        if self._looking:
            await cancel_and_wait(self._looking)

    def _look_while_anybody_listens(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        seen = ""
        while self._listeners:
            try:
                now = await live.newest(self._pool)
                if now != seen or self._away:
                    seen, self._away = now, False
                    self._changes += 1
                    self._tell()
            except STORE_ERRORS as error:
                if not self._away:
                    log.warning("pages wait for postgres", error=type(error).__name__)
                    self._away = True
                    self._tell()
            await asyncio.sleep(LOOK_SECONDS)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener.set()


async def is_over(request: Request) -> None:
    """Return when the reader has left, or the server wants to end: it waits for every answer that is not complete."""
    left = asyncio.create_task(_has_left(request))
    ended_by_us = asyncio.create_task(request.state.ending.wait())
    try:
        await asyncio.wait({left, ended_by_us}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        left.cancel()
        ended_by_us.cancel()


async def _has_left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
