"""The receiver's side of the inbox: into a Redis stream, or into the spill while Redis is away."""

import asyncio
import time
from random import randrange
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from rows.delivery import Delivery
from store.inbox import SCRIPTS, InboxFull, fields, stream_name
from store.postgres import STORE_ERRORS
from store.spill import Spill

log = structlog.get_logger(__name__)

# Kapso waits ten seconds for an answer: once Redis failed, most deliveries must not wait for it to fail again.
SPILL_SECONDS = 3.0
# At 1,000 deliveries a second it spares a quarter of the receiver's CPU and a third of Redis's, for a millisecond.
PAUSE_SECONDS = 0.0015


class NotTaken(Exception):
    """Neither store takes it; the text names what each of them said."""


class Appender:
    """All deliveries of one loop tick, or of one round trip, leave in one call.

    One call is on its way at a time, and the next leaves a moment after it; what comes meanwhile waits for that one. So
    one fsync serves many requests, and whoever comes alone waits for nobody.
    """

    def __init__(self, redis: Redis, spill: Spill, *, shards: int, limit: int, limit_bytes: int) -> None:
        """The limits are what all streams may hold together."""
        self._script = redis.register_script((SCRIPTS / "append.lua").read_text())
        self._spill = spill
        self._shards = shards
        self._limits = [max(1, limit // shards), max(1, limit_bytes // shards)]
        self._waiting: list[tuple[Delivery, asyncio.Future[None]]] = []
        self._flushing: asyncio.Task[None] | None = None
        self._spill_until = 0.0

    async def append(self, delivery: Delivery) -> None:
        """Return when a store has it for good; raises InboxFull or NotTaken."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((delivery, done))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        await done

    async def _flush(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                await self._send(batch)
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            self._flushing = None

    async def _send(self, batch: list[tuple[Delivery, asyncio.Future[None]]]) -> None:
        outcome: Exception | None = None
        try:
            await self._store([delivery for delivery, _ in batch])
        except Exception as error:  # every waiting request is told, whatever it was
            outcome = error
        for _, done in batch:
            if done.done():  # its client has gone
                continue
            if outcome is None:
                done.set_result(None)
            else:
                done.set_exception(outcome)

    async def _store(self, deliveries: list[Delivery]) -> None:
        trouble = "redis failed a moment ago"
        if time.monotonic() >= self._spill_until:
            try:
                return await self._to_stream(deliveries)
            except (RedisError, OSError) as error:
                # It may have taken them all the same: then they are there twice, under one id, and count once.
                trouble = type(error).__name__
                self._spill_until = time.monotonic() + SPILL_SECONDS
                log.error("redis does not take it, spilling to postgres", error=trouble)
        try:
            await self._spill.append(deliveries)
        except STORE_ERRORS as error:
            raise NotTaken(f"redis: {trouble}; postgres: {type(error).__name__}") from None

    async def _to_stream(self, deliveries: list[Delivery]) -> None:
        arguments: list[Any] = list(self._limits)
        for delivery in deliveries:
            arguments += fields(delivery)
        if not await self._script(keys=[stream_name(randrange(self._shards))], args=arguments):
            raise InboxFull
