"""Oversized and unreadable deliveries wait when a worker starts: bounded memory, no slower, and the innocent one behind.

The figures of docs/operations/reliability.md come from `pytest tests/whole/test_hostile.py --full`, which sends more of each.
"""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from domain.delivery import Delivery
from store.inbox.inbox import stream_name
from store.postgres import Pool
from tests.helpers import delivery, peak_bytes, queue, until
from tests.workers.processes import worker

MEGABYTE = 1_000_000
MOST_WORKER_BYTES = 400 * MEGABYTE
EVENT = "whatsapp.message.received"


def message(n: int, text: str, *, at: str | None = None) -> dict[str, Any]:
    number = f"62899{n:07}"
    said = {"id": f"wamid.{uuid4().hex}", "timestamp": at or str(int(time.time())), "type": "text", "from": number}
    return {
        "message": said | {"text": {"body": text}},
        "conversation": {"id": str(UUID(int=n)), "phone_number": number},
    }


def ordinary(n: int) -> Delivery:
    return delivery(message(n, "x" * 900), EVENT, at=datetime.now(UTC))


def unreadable_batch(n: int) -> Delivery:
    elements = [message(n * 100 + place, "x" * 1000, at="soon") for place in range(100)]
    return delivery({"type": EVENT, "batch": True, "data": elements}, EVENT, at=datetime.now(UTC))


def large(n: int) -> Delivery:
    return delivery(message(n, "hi") | {"pad": "x" * 4_150_000}, EVENT, at=datetime.now(UTC))


def empty_elements(n: int) -> Delivery:
    body = b'{"type":"%s","batch":true,"data":[%s]}' % (EVENT.encode(), b",".join([b"[]"] * 500_000))
    return delivery(body, EVENT, at=datetime.now(UTC))


def deep(n: int) -> Delivery:
    return delivery(b'{"message":' + b"[" * 2 * MEGABYTE + b"]" * 2 * MEGABYTE + b"}", EVENT, at=datetime.now(UTC))


def many_keys(n: int) -> Delivery:
    body = json.dumps({"message": {f"key {key}": {} for key in range(150_000)}}).encode()
    return delivery(body, EVENT, at=datetime.now(UTC))


# What is sent, how many, and how many with --full.
CASES: dict[str, tuple[Callable[[int], Delivery], int, int]] = {
    "unreadable batches": (unreadable_batch, 30, 250),
    "large and valid": (large, 40, 290),
    "a batch of empty elements": (empty_elements, 4, 20),
    "nested without end": (deep, 4, 20),
    "very many keys": (many_keys, 4, 20),
}


async def settled_in(
    pool: Pool, redis: Redis, database_url: str, redis_url: str, deliveries: list[Delivery]
) -> tuple[float, int]:
    """Let a worker start on what waits; returns the seconds from its first commit on, and its peak memory in bytes."""
    innocent = message(1, "halo")
    await queue(redis, ordinary(0))
    for one in deliveries:
        await queue(redis, one)
    await queue(redis, delivery(innocent, EVENT, at=datetime.now(UTC)))

    async def begun() -> bool:
        return bool(await pool.fetchval("SELECT EXISTS (SELECT FROM deliveries)"))

    async def innocent_has_its_row() -> bool:
        wanted = innocent["message"]["id"]
        return bool(await pool.fetchval("SELECT EXISTS (SELECT FROM messages WHERE id = $1)", wanted))

    async def stream_is_trimmed() -> bool:
        return int(await redis.xlen(stream_name(0))) <= 1

    async with worker(database_url, redis_url) as process:
        await until(begun)
        began = time.monotonic()
        await until(innocent_has_its_row, seconds=120)
        took = time.monotonic() - began
        peak = peak_bytes(process.pid)
        await until(stream_is_trimmed)  # the trim follows the commit
    return took, peak


EVERY_TIME = ("unreadable batches",)
"""The worst of them; the others take as long and wait for --long."""


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=[] if case in EVERY_TIME else pytest.mark.long) for case in CASES]
)
async def test_worker_settles_hostile_deliveries_in_bounded_memory_and_at_half_the_usual_speed(
    case: str, pool: Pool, redis: Redis, database_url: str, redis_url: str, request: pytest.FixtureRequest
) -> None:
    make, few, many = CASES[case]
    count = many if request.config.getoption("--full") else few
    deliveries = [make(n) for n in range(count)]
    took, peak = await settled_in(pool, redis, database_url, redis_url, deliveries)
    size = sum(len(one.body) for one in deliveries)

    usual = [ordinary(n) for n in range(10_000)]
    await pool.execute("TRUNCATE deliveries, messages CASCADE")
    await redis.flushdb()
    usual_took, usual_peak = await settled_in(pool, redis, database_url, redis_url, usual)
    usual_size = sum(len(one.body) for one in usual)
    speed, usual_speed = size / took / MEGABYTE, usual_size / usual_took / MEGABYTE
    print(f"\n{case}: {count}, {size / MEGABYTE:.1f} MB in {took:.1f} s, {speed:.1f} MB/s against {usual_speed:.1f}; "
          f"peak {peak / MEGABYTE:.0f} MB against {usual_peak / MEGABYTE:.0f}")  # fmt: skip
    assert peak <= MOST_WORKER_BYTES
    assert speed >= usual_speed / 2
