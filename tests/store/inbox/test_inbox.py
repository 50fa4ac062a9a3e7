"""One read of the inbox is bounded in bytes, whatever waits there; entries of others are kept and break nothing."""

import asyncio

from redis.asyncio import Redis

from domain.delivery import Delivery
from store.inbox.inbox import LARGE_BYTES, READ_BYTES, StreamReader, large_index_name, stream_name, waiting
from store.postgres import Pool
from tests.helpers import delivery, drained, payload, queue, rows

COUNT = 500


def of_bytes(size: int) -> Delivery:
    return delivery(b"x" * size, "whatsapp.message.received")


async def reads(redis: Redis) -> list[list[int]]:
    """The sizes of the bodies that each read returns, until the stream is empty."""
    reader, found = StreamReader(redis, 0), []
    while entries := await reader.read(b"0", count=COUNT, wait_ms=1):
        found.append([len(entry.delivery.body) for entry in entries])
        await reader.trim(entries)
    return found


async def test_read_returns_no_more_large_bodies_than_its_bytes_hold(redis: Redis) -> None:
    sizes = [1_000] * 30 + [3_000_000] * 5 + [1_000] * 10 + [READ_BYTES + 1, 2_000_000, LARGE_BYTES - 1]
    await queue(redis, *(of_bytes(size) for size in sizes))
    found = await reads(redis)
    assert [size for one in found for size in one] == sizes
    for one in found:
        large = [size for size in one if size >= LARGE_BYTES]
        assert len(large) == 1 or sum(large) <= READ_BYTES, one
    assert len(found) <= 5
    assert await redis.xlen(large_index_name(0)) == 0


async def test_read_takes_many_small_ones_at_once_and_waits_for_the_first(redis: Redis) -> None:
    await queue(redis, *(of_bytes(1_000) for _ in range(COUNT + 100)))
    assert [len(one) for one in await reads(redis)] == [COUNT, 100]
    waiter = asyncio.create_task(StreamReader(redis, 0).read(b"0", count=COUNT, wait_ms=2000))
    await asyncio.sleep(0)
    await queue(redis, of_bytes(5_000_000))
    assert [len(entry.delivery.body) for entry in await waiter] == [5_000_000]


async def test_append_splits_what_is_too_large_for_one_call(redis: Redis) -> None:
    """A reader that waits gets all that one call appends."""
    waiter = asyncio.create_task(StreamReader(redis, 0).read(b"0", count=COUNT, wait_ms=5000))
    await asyncio.sleep(0)
    await queue(redis, *(of_bytes(3_000_000) for _ in range(12)))
    assert sum(len(entry.delivery.body) for entry in await waiter) <= READ_BYTES + 3_000_000


async def test_entry_of_a_stranger_is_a_dead_letter_and_stops_neither_drain_nor_status(
    pool: Pool, redis: Redis
) -> None:
    await redis.xadd(stream_name(0), {"": ""})
    await redis.xadd(stream_name(0), {"id": b"too short", "at": "soon", "body": "x"})
    await queue(redis, delivery(payload("received_text")["body"], "whatsapp.message.received"))
    assert (await waiting(redis, 1)).deliveries == 3
    assert await drained(pool, redis) == 3
    assert len(await rows(pool, "messages")) == 1
    bodies = await pool.fetch("SELECT dead_letter_body(d) AS body FROM dead_letters AS d ORDER BY id")
    assert [row["body"] for row in bodies] == [
        b'{"stream_entry":{"":""}}',
        b'{"stream_entry":{"id":"too short","at":"soon","body":"x"}}',
    ]
