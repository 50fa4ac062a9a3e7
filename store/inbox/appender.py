"""The receiver's side of the inbox: into a Redis stream, or into the spill while Redis is away."""

import asyncio
import time
from collections.abc import Sequence
from random import randrange
from typing import Any, TypeAlias

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.delivery import Delivery
from store.inbox.affinity import shard_of
from store.inbox.inbox import LARGE_BYTES, SCRIPTS, InboxFull, fields, large_index_name, stream_name, watermark_name
from store.inbox.spill import Spill
from store.inbox.watermarks import Watermarks
from store.postgres import STORE_ERRORS

log = structlog.get_logger(__name__)

# Once Redis failed, deliveries are spilled until it answers a ping. So only those that came before the failure wait for
# its timeout: Kapso waits ten seconds for an answer.
PING_EVERY_SECONDS = 0.5
# At 1,000 deliveries a second it spares a quarter of the receiver's CPU and a third of Redis's, for a millisecond.
PAUSE_SECONDS = 0.0015
# One call holds up Redis, and a reader that waits gets all of it at once.
CALL_BYTES = 8 * 1024 * 1024
CALL_DELIVERIES = 1000


Waiter: TypeAlias = tuple[Delivery, asyncio.Future[None]]
"""A delivery, and what its request waits for."""


class DeliveryNotTaken(Exception):
    """Neither store takes it; the text names what each of them said."""


class Appender:
    """All deliveries of one loop tick, or of one round trip, leave in one call.

    One call for each stream is on its way at a time, and the next leaves a moment after it; what comes meanwhile waits
    for that one. One fsync serves many requests; a request that arrives alone is sent at once.
    """

    def __init__(
        self, redis: Redis, spill: Spill, *, shards: int, limit: int, limit_bytes: int, watermarks: Watermarks
    ) -> None:
        """The limits are what all streams may hold together."""
        self._watermarks = watermarks
        self._script = redis.register_script((SCRIPTS / "append.lua").read_text())
        self._spill = spill
        self._shards = shards
        self._limits = [max(1, limit // shards), max(1, limit_bytes // shards), LARGE_BYTES]
        self._waiting: list[Waiter] = []
        self._flushing: asyncio.Task[None] | None = None
        self._redis = redis
        self._redis_is_away = False
        self._ping_at = 0.0
        self._pinging: asyncio.Task[None] | None = None

    async def append(self, delivery: Delivery) -> None:
        """Return when a store has it for good; raises InboxFull or DeliveryNotTaken."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((delivery, done))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        await done

    async def _flush(self) -> None:
        try:
            while self._waiting:
                count = _fit(self._waiting)
                batch, self._waiting = self._waiting[:count], self._waiting[count:]
                await asyncio.gather(*(self._send(shard, part) for shard, part in self._by_shard(batch).items()))
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            self._flushing = None

    def _by_shard(self, batch: list[Waiter]) -> dict[int, list[Waiter]]:
        """A person's deliveries into the person's stream; of those that name nobody, all into any one."""
        anywhere, parts = randrange(self._shards), dict[int, list[Waiter]]()
        for waiter in batch:
            shard = shard_of(waiter[0].body, self._shards)
            parts.setdefault(anywhere if shard is None else shard, []).append(waiter)
        return parts

    async def _send(self, shard: int, batch: list[Waiter]) -> None:
        outcome: Exception | None = None
        try:
            await self._store(shard, [delivery for delivery, _ in batch])
        except Exception as error:  # every waiting request is told, whatever it was
            outcome = error
        for _, done in batch:
            if done.done():  # its client has gone
                continue
            if outcome is None:
                done.set_result(None)
            else:
                done.set_exception(outcome)

    async def _store(self, shard: int, deliveries: list[Delivery]) -> None:
        trouble = "redis failed a moment ago"
        if self._redis_is_away:
            self._ping_again()
        else:
            try:
                return await self._to_stream(shard, deliveries)
            except (RedisError, OSError) as error:
                # Redis may have stored them before it failed. Then they are in both stores with the same id and are
                # counted once.
                trouble = type(error).__name__
                self._redis_is_away, self._ping_at = True, time.monotonic() + PING_EVERY_SECONDS
                log.error("redis does not take it, spilling to postgres", error=trouble)
        try:
            await self._spill.append(deliveries)
        except STORE_ERRORS as error:
            raise DeliveryNotTaken(f"redis: {trouble}; postgres: {type(error).__name__}") from None

    def _ping_again(self) -> None:
        """Ask Redis beside the deliveries, which do not wait for its answer."""
        if self._pinging is None and time.monotonic() >= self._ping_at:
            self._pinging = asyncio.create_task(self._ping())

    async def _ping(self) -> None:
        try:
            await self._redis.ping()
            self._redis_is_away = False
        except (RedisError, OSError):
            self._ping_at = time.monotonic() + PING_EVERY_SECONDS
        finally:
            self._pinging = None

    async def _to_stream(self, wanted: int, deliveries: list[Delivery]) -> None:
        """Into the wanted stream, or the next one with room. Raises InboxFull when none has any."""
        arguments: list[Any] = list(self._limits)
        for delivery in deliveries:
            arguments += fields(delivery)
        for step in range(self._shards):
            shard = (wanted + step) % self._shards
            keys = [stream_name(shard), large_index_name(shard), watermark_name(shard)]
            if numbers := await self._script(keys=keys, args=arguments):
                epoch, first, last = numbers
                self._watermarks.accepted(shard, epoch.decode(), first, last)
                return
        raise InboxFull


def _fit(waiting: Sequence[tuple[Delivery, Any]]) -> int:
    """How many of those that wait leave in one call: at least one."""
    total = 0
    for count, (delivery, _) in enumerate(waiting):
        total += len(delivery.body)
        if count and (total > CALL_BYTES or count >= CALL_DELIVERIES):
            return count
    return len(waiting)
