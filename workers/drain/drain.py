"""The drain: block on the stream, take what waits, commit it, trim it. One at a time per stream, by a lease.

What was read but not committed stays in the stream; what was committed but not trimmed is applied again, which changes
nothing. So it may be killed at any instruction, and two drains at once are harmless.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from domain.delivery import Delivery
from store.inbox.inbox import Entry, StreamReader, StreamTries
from store.inbox.lease import Lease
from store.tasks import cancel_and_wait
from workers.drain.failures import CRASHES_ALONE, SUSPICIOUS_TRIES
from workers.drain.mapping.values import Bounds
from workers.drain.settle import InterpretedDelivery, Settler, crashed, interpreted

log = structlog.get_logger(__name__)

BATCH = 500
MANY = 100
SLICE = 25
# A batch ends with the delivery that brings it to so many events: what it takes in memory does not depend on who sends.
BATCH_EVENTS = 5000
BLOCK_MS = 500
REPORT_SECONDS = 1.0
STANDBY_POLL_SECONDS = 0.15
# A drain whose batch takes longer gives up its lease: two at once are harmless, one that hangs for ever is not.
STALLED_SECONDS = 300.0
# A delivery gets its time a moment before it is in the stream: an empty stream says nothing about the last moment.
ON_ITS_WAY = timedelta(seconds=1)


@dataclass(slots=True)
class Prepared:
    entries: list[Entry]
    reads: list[InterpretedDelivery]
    at: datetime

    @property
    def complete_to(self) -> datetime:
        """Every delivery of this stream that was received before this time is settled once the earlier batches are."""
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
        reader: StreamReader,
        lease: Lease,
        tries: StreamTries,
        settler: Settler,
        stop: asyncio.Event,
        *,
        shift_seconds: float,
        alone: asyncio.Lock,
        report: Callable[[datetime, float | None, Entry | None], Awaitable[None]],
        bounds: Callable[[], Bounds],
    ) -> None:
        """`report` is called about once a second: complete up to when, how late Kapso was, and the last one settled.

        `alone` is a lock that one loop of this process at a time holds while it settles a delivery that may crash the
        process: a crash then raises the count of that delivery only.
        """
        self._reader = reader
        self._lease = lease
        self._tries = tries
        self._settler = settler
        self._stop = stop
        self._shift_seconds = shift_seconds
        self._alone = alone
        self._report = report
        self._bounds = bounds
        self._reported_at = 0.0
        self._settled: Entry | None = None
        self._moved_at = 0.0
        self._offered = False

    async def stand_by(self, seconds: float) -> None:
        """Wait up to `seconds` for the lease, then drain until the shift ends, the place is taken, or we must stop.

        Raises settle's Stuck, and what Redis and Postgres raise.
        """
        until = time.monotonic() + seconds
        while not await self._lease.take():
            if self._stop.is_set() or time.monotonic() > until:
                return
            await asyncio.sleep(STANDBY_POLL_SECONDS)
        await self._shift()

    async def _shift(self) -> None:
        log.info("drain begins")
        # Kept beside the work, however long a batch takes: a lease that lapses tells of a process that died or hangs.
        started = self._moved_at = time.monotonic()
        keeper = asyncio.create_task(self._lease.keep(self._is_moving))
        try:
            await self._after_a_crash(keeper)
            await self._drain(started, keeper)
        finally:
            await cancel_and_wait(keeper)
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
                    self._settled = prepared.entries[-1]
                    await self._reader.trim(prepared.entries)
                prepared = await (ahead or self._prepare(last))
            finally:
                if ahead:
                    await cancel_and_wait(ahead)
            await self._tell(prepared)

    async def _prepare(self, after: bytes) -> Prepared:
        at = datetime.now(UTC)
        entries = await self._reader.read(after, count=BATCH, wait_ms=BLOCK_MS)
        reads: list[InterpretedDelivery] = []
        events = 0
        for place, entry in enumerate(entries):
            if place and place % SLICE == 0:  # the batch that is being written meanwhile goes on to its next statement
                await asyncio.sleep(0)
            if events >= BATCH_EVENTS:
                break
            one = self._read(entry.delivery)
            reads.append(one)
            events += one.reading.count
        return Prepared(entries[: len(reads)], reads, at)

    def _read(self, delivery: Delivery) -> InterpretedDelivery:
        return interpreted(delivery, self._bounds())

    async def _after_a_crash(self, keeper: asyncio.Task[None]) -> None:
        """If an earlier drain crashed at this stream head, settle entries one by one, to isolate the fatal one."""
        head = await self._reader.head(1)
        if not head or await self._tries.begin(head[0].position) < SUSPICIOUS_TRIES:
            return
        log.warning("an earlier drain crashed at this stream head: settling its entries one by one")
        for _ in range(BATCH):
            entries = await self._reader.head(1)
            if not entries or keeper.done() or self._stop.is_set():
                return
            (entry,) = entries
            async with self._alone:
                fell = await self._tries.begin_alone(entry.position, after=SUSPICIOUS_TRIES)
                one = crashed(entry.delivery) if fell > CRASHES_ALONE else self._read(entry.delivery)
                await self._settler.settle([one])
                await self._reader.trim([entry])
                self._moved_at = time.monotonic()
                self._settled = entry
                await self._tell(Prepared([entry], [one], datetime.now(UTC)))
        await self._tries.over()

    def _is_moving(self) -> bool:
        return time.monotonic() - self._moved_at < STALLED_SECONDS

    async def _may_go_on(self, started: float, keeper: asyncio.Task[None]) -> bool:
        self._moved_at = time.monotonic()
        if self._stop.is_set() or keeper.done():
            return False
        if time.monotonic() - started > self._shift_seconds and not self._offered:
            self._offered = True
            await self._lease.offer()
        return await self._lease.take() if self._offered else True

    async def _tell(self, prepared: Prepared) -> None:
        if time.monotonic() - self._reported_at >= REPORT_SECONDS:
            self._reported_at = time.monotonic()
            await self._report(prepared.complete_to, prepared.kapso_seconds, self._settled)
