"""Tell browsers that something changed: they fetch their own view again. One look at the database serves all."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog

from store import live
from store.postgres import STORE_ERRORS, Pool

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.3
PING_SECONDS = 15.0


class Hub:
    """Each listener holds at most one signal, however slow it is."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._listeners: set[asyncio.Event] = set()
        self._looking: asyncio.Task[None] | None = None

    async def listen(self) -> AsyncIterator[bytes]:
        """Server-sent events, for ever: `changed` when something did, comments to keep the line open."""
        changed = asyncio.Event()
        self._listeners.add(changed)
        self._look_while_anybody_listens()
        try:
            yield b"retry: 1000\nevent: changed\ndata:\n\n"  # what happened before the line was up
            while True:
                try:
                    async with asyncio.timeout(PING_SECONDS):
                        await changed.wait()
                    changed.clear()
                    yield b"event: changed\ndata:\n\n"
                except TimeoutError:
                    yield b": still here\n\n"
        finally:
            self._listeners.discard(changed)

    async def close(self) -> None:
        if self._looking:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking

    def _look_while_anybody_listens(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        seen: object = None
        while self._listeners:
            try:
                now = await live.newest(self._pool)
                if now != seen:
                    seen = now
                    for listener in self._listeners:
                        listener.set()
            except STORE_ERRORS as error:
                log.warning("pages wait for postgres", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)
