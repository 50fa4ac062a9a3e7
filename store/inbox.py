"""The inbox's streams in Redis: read from the head and trimmed by a drain. What is appended, and when, see appender.

A stream has no consumer group: the drain reads from the head, commits, and trims exactly what it committed. Whoever
dies in between leaves the entries where they are, and applying them again changes nothing.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from rows.delivery import Delivery

SCRIPTS = Path(__file__).parent / "lua"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class InboxFull(Exception):
    """The inbox holds as much as it may."""


class Entry(NamedTuple):
    position: bytes
    delivery: Delivery


def stream_name(shard: int) -> str:
    return f"inbox:{{{shard}}}"


def fields(delivery: Delivery) -> tuple[Any, ...]:
    """As they stand in a stream's entry, in the order of lua/append.lua."""
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

    async def head(self, count: int) -> list[Entry]:
        """The first `count` entries, without waiting."""
        entries: Any = await self._redis.xrange(self._stream, count=count)
        return [Entry(position, _delivery(values)) for position, values in entries]

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


MOST_SHARDS = 64


async def streams(redis: Redis, shards: int) -> int:
    """How many there are: as many as are set, and those that an earlier, larger setting left behind with something."""
    pipeline: Pipeline = redis.pipeline(transaction=False)
    for shard in range(shards, MOST_SHARDS):
        pipeline.exists(stream_name(shard))
    left = [shards + place + 1 for place, there in enumerate(await pipeline.execute()) if there]
    return max([shards, *left])


async def waiting(redis: Redis, shards: int) -> Waiting:
    shards = await streams(redis, shards)
    pipeline: Pipeline = redis.pipeline(transaction=False)
    for shard in range(shards):
        pipeline.xlen(stream_name(shard))
        pipeline.xrange(stream_name(shard), count=1)
    replies: Sequence[Any] = await pipeline.execute()
    lengths, heads = replies[0::2], replies[1::2]
    ages = [time.time() - int(values[b"at"]) / 1e6 for head in heads for _, values in head]
    return Waiting(sum(lengths), max(0.0, *ages) if ages else 0.0)


class Tries:
    """How often somebody began with what stands at a stream's head, without an end."""

    def __init__(self, redis: Redis, shard: int) -> None:
        self._redis = redis
        self._key = f"tries:{{{shard}}}"
        self._count = redis.register_script((SCRIPTS / "count_try.lua").read_text())

    async def begin(self, position: bytes) -> int:
        """A batch that begins there; returns how often that was begun, this time included."""
        return int(await self._count(keys=[self._key], args=[position, "batch", 0]))

    async def begin_alone(self, position: bytes, *, after: int) -> int:
        """That entry by itself; `after` is what it counts for as the head of a batch."""
        return int(await self._count(keys=[self._key], args=[position, "alone", after]))

    async def over(self) -> None:
        """It ended, well or not: whoever begins next begins afresh."""
        await self._redis.delete(self._key)
