"""The drain: block on the stream, take what waits, commit it, trim it. One at a time per stream, by a lease.

What was read but not committed stays in the stream; what was committed but not trimmed is applied again, which changes
nothing. So it may be killed at any instruction, and two drains at once are harmless.
"""

import asyncio
import time
from dataclasses import dataclass

import structlog
from redis.exceptions import RedisError

from store.inbox import Entry, Lease, Reader
from workers.settle import Read, Settler, read

log = structlog.get_logger(__name__)

BATCH = 500
BLOCK_MS = 500
RENEW_SECONDS = 1.0
STANDBY_POLL_SECONDS = 0.05


@dataclass(slots=True)
class Prepared:
    entries: list[Entry]
    reads: list[Read]


class Drain:
    """Drains one stream for a shift of `shift_seconds`, then offers its place and goes on until somebody takes it."""

    def __init__(
        self, reader: Reader, lease: Lease, settler: Settler, stop: asyncio.Event, *, shift_seconds: float
    ) -> None:
        self._reader = reader
        self._lease = lease
        self._settler = settler
        self._stop = stop
        self._shift_seconds = shift_seconds
        self._renewed_at = 0.0
        self._offered = False

    async def stand_by(self, seconds: float) -> None:
        """Wait up to `seconds` for the lease, then drain until the shift ends, the place is taken, or we must stop."""
        until = time.monotonic() + seconds
        try:
            while not await self._lease.take():
                if self._stop.is_set() or time.monotonic() > until:
                    return
                await asyncio.sleep(STANDBY_POLL_SECONDS)
            await self._drain()
        except (RedisError, OSError) as error:
            log.warning("drain lost redis", error=type(error).__name__)

    async def _drain(self) -> None:
        started = self._renewed_at = time.monotonic()
        log.info("drain begins")
        try:
            prepared = await self._prepare(b"0")
            while await self._may_go_on(started):
                last = prepared.entries[-1].position if prepared.entries else b"0"
                # With a backlog the next batch is read and mapped while this one commits.
                ahead = asyncio.create_task(self._prepare(last)) if len(prepared.entries) == BATCH else None
                try:
                    if prepared.entries:
                        await self._settler.settle(prepared.reads)
                        await self._reader.trim(last)
                    prepared = await (ahead or self._prepare(last))
                finally:
                    if ahead:
                        ahead.cancel()
        finally:
            await self._lease.release()
            log.info("drain ends")

    async def _prepare(self, after: bytes) -> Prepared:
        entries = await self._reader.read(after, count=BATCH, wait_ms=BLOCK_MS)
        return Prepared(entries, read([entry.delivery for entry in entries]))

    async def _may_go_on(self, started: float) -> bool:
        if self._stop.is_set():
            return False
        now = time.monotonic()
        if now - started > self._shift_seconds and not self._offered:
            self._offered = True
            await self._lease.offer()
        if self._offered or now - self._renewed_at > RENEW_SECONDS:
            self._renewed_at = now
            return await self._lease.take()
        return True
