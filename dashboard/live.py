"""Tell browsers that something may have changed, and show a view once to all who look at it.

One look at the database serves every listener. What a view costs is paid once until something changes again.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from typing import Any, NamedTuple

import structlog

from store import live
from store.postgres import STORE_ERRORS, Pool

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.15
PING_SECONDS = 15.0
MOST_VIEWS = 1000
CHANGED = b"event: changed\ndata:\n\n"
STILL_HERE = b"event: still\ndata:\n\n"


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
        self._looking: asyncio.Task[None] | None = None
        self._views: dict[Hashable, Made] = {}
        self._changes = 0

    async def listen(self) -> AsyncIterator[bytes]:
        """Server-sent events, for ever: `changed` when something did, `still` to show that the line is alive."""
        changed = asyncio.Event()
        self._listeners.add(changed)
        self._look_while_anybody_listens()
        try:
            yield b"retry: 1000\n" + CHANGED  # what happened before the line was up
            while True:
                try:
                    async with asyncio.timeout(PING_SECONDS):
                        await changed.wait()
                    changed.clear()
                    yield CHANGED
                except TimeoutError:
                    yield STILL_HERE
        finally:
            self._listeners.discard(changed)

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
        """What was made last of it, if it is there: somebody who will ask again must not wait for it. None if not."""
        made = self._views.get(view)
        there = made is not None and made.task.done() and not made.task.cancelled() and made.task.exception() is None
        return made.task.result() if made and there else None

    def _stands(self, made: "Made", seconds: float | None) -> bool:
        if made.task.done() and (made.task.cancelled() or made.task.exception() is not None):
            return False
        if seconds is not None:
            return time.monotonic() - made.at <= seconds
        return made.changes == self._changes and (bool(self._listeners) or not made.task.done())

    def forget(self) -> None:
        """Something was written here: nobody is shown what was before."""
        self._views.clear()

    async def close(self) -> None:
        if self._looking:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking

    def _look_while_anybody_listens(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        seen = ""
        while self._listeners:
            try:
                now = await live.newest(self._pool)
                if now != seen:
                    seen = now
                    self._changes += 1
                    for listener in self._listeners:
                        listener.set()
            except STORE_ERRORS as error:
                log.warning("pages wait for postgres", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)
