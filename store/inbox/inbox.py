"""The inbox's streams in Redis: read from the head and trimmed by a drain. `store.inbox.appender` appends to them.

A stream has no consumer group: the drain reads from the head, commits, and trims exactly what it committed. If it dies
in between, the entries stay where they are, and applying them again changes no message.

Redis bounds a read by count only. So large entries are indexed in a second stream with the same ids, and a reader looks
at that index first: one read returns at most `count` small bodies and about READ_BYTES of large ones.
"""

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import NAMESPACE_OID, UUID, uuid5

import orjson
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from domain.delivery import Delivery

SCRIPTS = Path(__file__).parent / "lua"
LARGE_BYTES = 16 * 1024
READ_BYTES = 8 * 1024 * 1024
LARGE_AT_ONCE = 100
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class InboxFull(Exception):
    """The inbox holds as much as it may."""


class Numbered(NamedTuple):
    """The number that a delivery got when it was appended, within an epoch of its stream (store.inbox.watermarks)."""

    epoch: str
    number: int


class Entry(NamedTuple):
    position: bytes
    delivery: Delivery
    numbered: Numbered | None
    """None for one that an older release appended."""

    @property
    def accepted_at(self) -> datetime:
        """By the clock of Redis."""
        return EPOCH + timedelta(milliseconds=int(self.position.partition(b"-")[0]))


def stream_name(shard: int) -> str:
    return f"inbox:{{{shard}}}"


def large_index_name(shard: int) -> str:
    return f"large:{{{shard}}}"


def watermark_name(shard: int) -> str:
    return f"watermark:{{{shard}}}"


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


class StreamReader:
    """A drain's side of one stream."""

    def __init__(self, redis: Redis, shard: int) -> None:
        self._redis = redis
        self._stream = stream_name(shard)
        self._large = large_index_name(shard)
        self._watermark = watermark_name(shard)
        self._trim = redis.register_script((SCRIPTS / "trim.lua").read_text())

    async def read(self, after: bytes, *, count: int, wait_ms: int) -> list[Entry]:
        """Up to `count` entries after position `after` (b"0" is the head), waiting up to `wait_ms` for the first.

        Returns fewer where large ones stand among them: as many of those as READ_BYTES hold, at least one.
        """
        large: Any = await self._redis.xrange(self._large, min=b"(" + after, count=LARGE_AT_ONCE)
        if large:
            through = _through(large)
            found: Any = await self._redis.xrange(self._stream, min=b"(" + after, max=through, count=count)
            if found:
                return _entries(found)
        reply: Any = await self._redis.xread({self._stream: after}, count=count, block=wait_ms or None)
        return _entries([entry for _, entries in reply or [] for entry in entries])

    async def head(self, count: int) -> list[Entry]:
        """The first `count` entries, without waiting. Their bodies may be large: ask for few."""
        return _entries(await self._redis.xrange(self._stream, count=count))

    async def trim(self, settled: Sequence[Entry]) -> None:
        """Remove all up to and including the last of these, and note its number: what else disappears is a loss."""
        milliseconds, _, sequence = settled[-1].position.partition(b"-")
        behind = f"{milliseconds.decode()}-{int(sequence) + 1}"
        numbered = next((entry.numbered for entry in reversed(settled) if entry.numbered), None)
        epoch, number = (numbered.epoch, numbered.number) if numbered else ("", "")
        await self._trim(keys=[self._stream, self._large, self._watermark], args=[behind, epoch, number])


def _through(large: Sequence[tuple[bytes, dict[bytes, bytes]]]) -> bytes:
    """The position of the last large entry that one read may return; '+' if all of them fit."""
    total, last = 0, large[0][0]
    for position, values in large:
        total += int(values.get(b"bytes", b"0"))
        if total > READ_BYTES and position != large[0][0]:
            return last
        last = position
    return last if len(large) == LARGE_AT_ONCE else b"+"


def _entries(found: Iterable[tuple[bytes, dict[bytes, bytes]]]) -> list[Entry]:
    return [Entry(position, _delivery(position, values), _numbered(values)) for position, values in found]


def _numbered(values: dict[bytes, bytes]) -> Numbered | None:
    try:
        return Numbered(values[b"epoch"].decode(), int(values[b"number"]))
    except (KeyError, ValueError):
        return None


def _delivery(position: bytes, values: dict[bytes, bytes]) -> Delivery:
    """What no receiver of ours wrote is kept as a delivery that names no event: it becomes a dead letter."""
    try:
        return _received(values)
    except (KeyError, ValueError, OverflowError):
        named = {name.decode(errors="replace"): value.decode(errors="replace") for name, value in values.items()}
        written_at = EPOCH + timedelta(milliseconds=int(position.partition(b"-")[0]))
        id = uuid5(NAMESPACE_OID, f"{position.decode()} {named}")
        return Delivery(id, written_at, None, None, None, orjson.dumps({"stream_entry": named}))


def _received(values: dict[bytes, bytes]) -> Delivery:
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
    streams: tuple[int, ...] = ()
    """Those that hold something."""


MOST_SHARDS = 64


async def count_streams(redis: Redis, shards: int) -> int:
    """Return how many streams there are: `shards`, or more if a stream of an earlier, larger setting still exists."""
    pipeline: Pipeline = redis.pipeline(transaction=False)
    for shard in range(shards, MOST_SHARDS):
        pipeline.exists(stream_name(shard))
    left = [shards + place + 1 for place, there in enumerate(await pipeline.execute()) if there]
    return max([shards, *left])


async def retire(redis: Redis, shards: int) -> list[int]:
    """Delete the empty streams of an earlier, larger setting; return which."""
    script = redis.register_script((SCRIPTS / "retire.lua").read_text())
    beyond = range(shards, MOST_SHARDS)
    return [shard for shard in beyond if await script(keys=[stream_name(shard), large_index_name(shard)])]


async def waiting(redis: Redis, shards: int) -> Waiting:
    shards = await count_streams(redis, shards)
    pipeline: Pipeline = redis.pipeline(transaction=False)
    for shard in range(shards):
        pipeline.xlen(stream_name(shard))
        pipeline.xrange(stream_name(shard), count=1)
    replies: Sequence[Any] = await pipeline.execute()
    lengths, heads = replies[0::2], replies[1::2]
    ages = [time.time() - entry.delivery.received_at.timestamp() for head in heads for entry in _entries(head)]
    held = tuple(shard for shard, length in enumerate(lengths) if length)
    return Waiting(sum(lengths), max(0.0, *ages) if ages else 0.0, held)


class StreamTries:
    """Counts the starts on the entry at a stream's head. Every end but a crash resets them: many mean crashes."""

    def __init__(self, redis: Redis, shard: int) -> None:
        self._redis = redis
        self._key = f"tries:{{{shard}}}"
        self._count = redis.register_script((SCRIPTS / "count_try.lua").read_text())

    async def begin(self, position: bytes) -> int:
        """Count a start of the batch that begins at `position`; return the count of such starts, this one included."""
        return int(await self._count(keys=[self._key], args=[position, "batch", 0]))

    async def begin_alone(self, position: bytes, *, after: int) -> int:
        """Count a start with this entry alone; return the count. A new head gets `after` as its batch starts."""
        return int(await self._count(keys=[self._key], args=[position, "alone", after]))

    async def over(self) -> None:
        """Reset the counts: the run ended without a crash."""
        await self._redis.delete(self._key)
