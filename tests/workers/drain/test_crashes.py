"""Crashes are counted before a batch is tried: three kills never condemn an innocent, a real killer stands alone."""

import asyncio
import os
import signal
import sys

import pytest
from redis.asyncio import Redis

from domain.delivery import Delivery
from store.inbox.inbox import StreamReader, StreamTries, stream_name
from store.inbox.lease import Lease, drain_lease
from store.postgres import Pool
from tests.helpers import bounds, delivery, payload, queue, rows, until
from tests.workers.processes import ROOT
from workers.drain.drain import Drain
from workers.drain.failures import CRASHES_ALONE, SUSPICIOUS_TRIES
from workers.drain.settle import Settler

KILLER = b"whoever reads this dies"
# A worker as it is, but that one body kills it like a fault in a C library would.
DEADLY_WORKER = f"""
import os, signal
from workers.drain import drain
from workers.__main__ import main
def deadly(delivery, bounds, read=drain.interpreted):
    if {KILLER!r} in delivery.body:
        os.kill(os.getpid(), signal.SIGKILL)
    return read(delivery, bounds)
drain.interpreted = deadly
main()
"""


def message(n: int) -> Delivery:
    body = payload("received_text")["body"]
    body["message"]["id"] = f"wamid.CRASH{n:03d}"
    return delivery(body, "whatsapp.message.received")


async def test_a_delivery_that_kills_whoever_reads_it_is_dead_and_nothing_else_is(
    pool: Pool, redis: Redis, database_url: str, redis_url: str
) -> None:
    await queue(redis, *(message(n) for n in range(5)))
    await queue(redis, delivery(KILLER, "whatsapp.message.received"))
    await queue(redis, *(message(n) for n in range(5, 10)))
    kills = 0
    environment = os.environ | {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    for _ in range(12):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", DEADLY_WORKER, env=environment, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL
        )
        ended, emptied = asyncio.create_task(process.wait()), asyncio.create_task(until(lambda: _empty(redis)))
        await asyncio.wait({ended, emptied}, return_when=asyncio.FIRST_COMPLETED)
        if emptied.done():
            process.send_signal(signal.SIGTERM)
            await ended
            break
        emptied.cancel()
        kills += 1
    assert SUSPICIOUS_TRIES - 1 + CRASHES_ALONE <= kills <= SUSPICIOUS_TRIES + CRASHES_ALONE
    (letter,) = await pool.fetch("SELECT error_kind, dead_letter_body(d) AS body FROM dead_letters AS d")
    assert tuple(letter) == ("crash", KILLER)
    assert len(await rows(pool, "messages")) == 10


async def _empty(redis: Redis) -> bool:
    return bool(await redis.xlen(stream_name(0)) == 0)


async def test_tries_are_counted_by_the_head_in_batches_and_alone(redis: Redis) -> None:
    tries = StreamTries(redis, 0)
    assert [await tries.begin(b"1-0"), await tries.begin(b"1-0"), await tries.begin(b"2-0")] == [1, 2, 1]
    await tries.begin(b"2-0")
    assert [await tries.begin_alone(b"2-0", after=2), await tries.begin(b"2-0")] == [1, 3]
    assert [await tries.begin_alone(b"2-0", after=2), await tries.begin_alone(b"3-0", after=2)] == [2, 1]
    # Killed while it stood alone, it is met as the head of a batch again, and known.
    assert await tries.begin(b"3-0") == 3
    await tries.over()
    assert await tries.begin(b"3-0") == 1


@pytest.mark.parametrize(("tries", "alone"), [(0, 0), (1, 0), (5, 0), *((3, n) for n in range(1, CRASHES_ALONE))])
async def test_an_innocent_batch_is_applied_however_often_it_was_begun(
    pool: Pool, redis: Redis, tries: int, alone: int
) -> None:
    await queue(redis, *(message(n) for n in range(3)))
    reader, counted, stop = StreamReader(redis, 0), StreamTries(redis, 0), asyncio.Event()
    (head,) = await reader.head(1)
    for _ in range(tries):
        await counted.begin(head.position)
    for _ in range(alone):
        await counted.begin_alone(head.position, after=SUSPICIOUS_TRIES)
    settler = Settler(pool, release="test", give_up=lambda: True)

    async def report(*_: object) -> None:
        if await _empty(redis):
            stop.set()

    lease = Lease(redis, drain_lease(0), milliseconds=5000)
    drain = Drain(
        reader, lease, counted, settler, stop, shift_seconds=60, alone=asyncio.Lock(), report=report, bounds=bounds
    )
    async with asyncio.timeout(20):
        await drain.stand_by(1)
    assert (len(await rows(pool, "messages")), await rows(pool, "dead_letters")) == (3, [])
    assert not await redis.exists("tries:{0}")
