"""The drain: block on the stream, take what waits, commit it, trim it. One at a time per stream, by a lease.

What was read but not committed stays in the stream; what was committed but not trimmed is applied again, which changes
nothing. So it may be killed at any instruction, and two drains at once are harmless.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from redis.exceptions import RedisError

from store.inbox import Entry, Reader, Tries
from store.lease import Lease
from workers.failures import CRASHES_ALONE, SUSPICIOUS_TRIES
from workers.settle import Read, Settler, crashed, read

log = structlog.get_logger(__name__)

BATCH = 500
MANY = 100
SLICE = 25
BLOCK_MS = 500
REPORT_SECONDS = 1.0
STANDBY_POLL_SECONDS = 0.05
# A delivery gets its time a moment before it is in the stream: an empty stream says nothing about the last moment.
ON_ITS_WAY = timedelta(seconds=1)


@dataclass(slots=True)
class Prepared:
    entries: list[Entry]
    reads: list[Read]
    at: datetime

    @property
    def complete_to(self) -> datetime:
        """All that was received up to then is settled before this."""
        return self.entries[0].delivery.received_at if self.entries else self.at - ON_ITS_WAY

    @property
    def kapso_seconds(self) -> float | None:
        """How late Kapso was with the newest message in it; None where there is none."""
        late = [
            (one.delivery.received_at - message.sent_at).total_seconds()
            for one in self.reads[-20:]
            for _, facts in one.reading.events
            for message in facts.messages
            if message.direction == "inbound" and message.sent_at
        ]
        return late[-1] if late else None


class Drain:
    """Drains one stream for a shift of `shift_seconds`, then offers its place and goes on until somebody takes it."""

    def __init__(
        self,
        reader: Reader,
        lease: Lease,
        tries: Tries,
        settler: Settler,
        stop: asyncio.Event,
        *,
        shift_seconds: float,
        alone: asyncio.Lock,
        report: Callable[[datetime, float | None], Awaitable[None]],
    ) -> None:
        """`report` is told about once a second up to when all is in the mirror, and how late Kapso was.

        `alone` is held by whoever of this process tries what may kill it, so that nobody else's count goes up.
        """
        self._reader = reader
        self._lease = lease
        self._tries = tries
        self._settler = settler
        self._stop = stop
        self._shift_seconds = shift_seconds
        self._alone = alone
        self._report = report
        self._reported_at = 0.0
        self._offered = False

    async def stand_by(self, seconds: float) -> None:
        """Wait up to `seconds` for the lease, then drain until the shift ends, the place is taken, or we must stop.

        Raises settle's Stuck.
        """
        until = time.monotonic() + seconds
        try:
            while not await self._lease.take():
                if self._stop.is_set() or time.monotonic() > until:
                    return
                await asyncio.sleep(STANDBY_POLL_SECONDS)
            await self._shift()
        except (RedisError, OSError) as error:
            log.warning("drain lost redis", error=type(error).__name__)

    async def _shift(self) -> None:
        log.info("drain begins")
        # Kept beside the work, however long a batch takes: a lease that lapses tells of a process that died or hangs.
        started, keeper = time.monotonic(), asyncio.create_task(self._lease.keep())
        try:
            await self._after_a_crash(keeper)
            await self._drain(started, keeper)
        finally:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError, RedisError, OSError):
                await keeper
            # However we end here, we were not killed.
            await self._tries.over()
            await self._lease.release()
            log.info("drain ends")

    async def _drain(self, started: float, keeper: asyncio.Task[None]) -> None:
        prepared = await self._prepare(b"0")
        while await self._may_go_on(started, keeper):
            last = prepared.entries[-1].position if prepared.entries else b"0"
            # Under load the next batch is read and mapped while this one commits.
            ahead = asyncio.create_task(self._prepare(last)) if len(prepared.entries) >= MANY else None
            try:
                if prepared.entries:
                    await self._settler.settle(prepared.reads)
                    await self._reader.trim(last)
                prepared = await (ahead or self._prepare(last))
            finally:
                if ahead:
                    ahead.cancel()
            await self._tell(prepared)

    async def _prepare(self, after: bytes) -> Prepared:
        at = datetime.now(UTC)
        entries = await self._reader.read(after, count=BATCH, wait_ms=BLOCK_MS)
        reads: list[Read] = []
        for start in range(0, len(entries), SLICE):
            if start:  # the batch that is being written meanwhile goes on to its next statement
                await asyncio.sleep(0)
            reads += read([entry.delivery for entry in entries[start : start + SLICE]])
        return Prepared(entries, reads, at)

    async def _after_a_crash(self, keeper: asyncio.Task[None]) -> None:
        """Where the head was begun before without an end, go on one by one: what kills us must stand alone."""
        head = await self._reader.head(1)
        if not head or await self._tries.begin(head[0].position) < SUSPICIOUS_TRIES:
            return
        log.warning("drain goes on one by one: whoever began here before did not live to end it")
        for _ in range(BATCH):
            entries = await self._reader.head(1)
            if not entries or keeper.done() or self._stop.is_set():
                return
            (entry,) = entries
            async with self._alone:
                fell = await self._tries.begin_alone(entry.position, after=SUSPICIOUS_TRIES)
                one = [crashed(entry.delivery)] if fell > CRASHES_ALONE else read([entry.delivery])
                await self._settler.settle(one)
                await self._reader.trim(entry.position)
        await self._tries.over()

    async def _may_go_on(self, started: float, keeper: asyncio.Task[None]) -> bool:
        if self._stop.is_set() or keeper.done():
            return False
        if time.monotonic() - started > self._shift_seconds and not self._offered:
            self._offered = True
            await self._lease.offer()
        return await self._lease.take() if self._offered else True

    async def _tell(self, prepared: Prepared) -> None:
        if time.monotonic() - self._reported_at >= REPORT_SECONDS:
            self._reported_at = time.monotonic()
            await self._report(prepared.complete_to, prepared.kapso_seconds)
