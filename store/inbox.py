"""The inbox: Redis streams of accepted deliveries. Appended by the receiver, read from the head and trimmed by a drain.

A stream has no consumer group: the drain reads from the head, commits, and trims exactly what it committed. Whoever
dies in between leaves the entries where they are, and applying them again changes nothing.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import randrange
from typing import Any, NamedTuple
from uuid import UUID

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from rows.delivery import Delivery

SCRIPTS = Path(__file__).parent / "lua"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class InboxFull(Exception):
    """The inbox holds as many deliveries as it may."""


class Entry(NamedTuple):
    position: bytes
    delivery: Delivery


def stream_name(shard: int) -> str:
    return f"inbox:{{{shard}}}"


class Appender:
    """The receiver's side. All deliveries of one loop tick, or of one round trip, leave in one script call.

    One call is on its way at a time; what comes meanwhile waits for the next. So one fsync serves many requests.
    """

    def __init__(self, redis: Redis, *, shards: int, limit: int) -> None:
        """`limit` is the most entries that the streams may hold together."""
        self._script = redis.register_script((SCRIPTS / "append.lua").read_text())
        self._shards = shards
        self._limit = max(1, limit // shards)
        self._waiting: list[tuple[Delivery, asyncio.Future[None]]] = []
        self._flushing: asyncio.Task[None] | None = None

    async def append(self, delivery: Delivery) -> None:
        """Return when Redis has it; raises InboxFull, or Redis's own error."""
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
        finally:
            self._flushing = None

    async def _send(self, batch: list[tuple[Delivery, asyncio.Future[None]]]) -> None:
        arguments: list[Any] = [self._limit]
        for delivery, _ in batch:
            arguments += _fields(delivery)
        outcome: Exception | None = None
        try:
            if not await self._script(keys=[stream_name(randrange(self._shards))], args=arguments):
                outcome = InboxFull()
        except Exception as error:  # every waiting request is told, whatever it was
            outcome = error
        for _, done in batch:
            if done.done():  # its client has gone
                continue
            if outcome is None:
                done.set_result(None)
            else:
                done.set_exception(outcome)


def _fields(delivery: Delivery) -> tuple[Any, ...]:
    return (
        delivery.id.bytes,
        (delivery.received_at - EPOCH) // timedelta(microseconds=1),
        delivery.event or "",
        delivery.idempotency_key or "",
        delivery.version or "",
        delivery.body,
    )


class Reader:
    """A drain's side of one stream."""

    def __init__(self, redis: Redis, shard: int) -> None:
        self._redis = redis
        self._stream = stream_name(shard)

    async def read(self, after: bytes, *, count: int, wait_ms: int) -> list[Entry]:
        """Up to `count` entries behind `after` (b"0" is the head), waiting up to `wait_ms` for the first."""
        reply: Any = await self._redis.xread({self._stream: after}, count=count, block=wait_ms or None)
        return [Entry(position, _delivery(values)) for _, entries in reply or [] for position, values in entries]

    async def trim(self, last: bytes) -> None:
        """Remove all up to and including `last`."""
        milliseconds, _, sequence = last.partition(b"-")
        behind = f"{milliseconds.decode()}-{int(sequence) + 1}"
        await self._redis.xtrim(self._stream, minid=behind, approximate=False)


def _delivery(values: dict[bytes, bytes]) -> Delivery:
    return Delivery(
        id=UUID(bytes=values[b"id"]),
        received_at=EPOCH + timedelta(microseconds=int(values[b"at"])),
        event=values[b"event"].decode(errors="replace") or None,
        idempotency_key=values[b"key"].decode(errors="replace") or None,
        version=values[b"version"].decode(errors="replace") or None,
        body=values[b"body"],
    )


class Waiting(NamedTuple):
    """What waits in the inbox; the age of the oldest is in seconds, 0 when nothing waits."""

    deliveries: int
    oldest_seconds: float


async def waiting(redis: Redis, shards: int) -> Waiting:
    pipeline: Pipeline = redis.pipeline(transaction=False)
    for shard in range(shards):
        pipeline.xlen(stream_name(shard))
        pipeline.xrange(stream_name(shard), count=1)
    replies: Sequence[Any] = await pipeline.execute()
    lengths, heads = replies[0::2], replies[1::2]
    ages = [time.time() - int(values[b"at"]) / 1e6 for head in heads for _, values in head]
    return Waiting(sum(lengths), max(0.0, *ages) if ages else 0.0)


class Lease:
    """Who drains a stream. It lapses by itself when its holder dies, and can be offered before it is given up."""

    def __init__(self, redis: Redis, shard: int, holder: str, *, milliseconds: int) -> None:
        self._redis = redis
        self._keys = [f"drain:{{{shard}}}", f"drain:{{{shard}}}:offer"]
        self._holder = holder
        self._milliseconds = milliseconds
        self._take = redis.register_script((SCRIPTS / "take_lease.lua").read_text())
        self._release = redis.register_script((SCRIPTS / "release_lease.lua").read_text())

    async def take(self) -> bool:
        """Take it if it is free or offered, or renew it; False when somebody else has it."""
        return bool(await self._take(keys=self._keys, args=[self._holder, self._milliseconds]))

    async def offer(self) -> None:
        """Let anybody else take it over; until then it stays ours."""
        await self._redis.set(self._keys[1], self._holder, px=self._milliseconds)

    async def release(self) -> None:
        await self._release(keys=self._keys, args=[self._holder])
