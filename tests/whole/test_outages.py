"""Either store suffices: servers of our own are stopped, hung and started again, and nothing is lost."""

import asyncio
import contextlib
import hmac
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from store.inbox.inbox import InboxFull, stream_name
from store.inbox.spill import Spill
from store.ops import alarms
from store.ops.heartbeats import Heartbeat
from store.postgres import Pool
from store.privacy.tombstones import NOBODY_ERASED
from tests.helpers import SECRET, bounds, delivery, payload, post, receiver, rows, settled, until
from tests.workers.processes import worker
from tools.devstack.servers import Valkey
from webhooks.app import STORE_SECONDS
from workers.drain.failures import CRASHES_ALONE, SUSPICIOUS_TRIES
from workers.drain.spill import ALARM, SpillDrain

KAPSO_WAITS_SECONDS = 10


@pytest.fixture
async def valkey(tmp_path: Path) -> AsyncIterator[Valkey]:
    server = Valkey(tmp_path, durable=True)
    await asyncio.to_thread(server.start)
    yield server
    if server.process and server.process.poll() is None:
        server.process.send_signal(signal.SIGCONT)
    server.stop()


def body(n: int) -> bytes:
    return json.dumps(payload("received_text")["body"]).replace("TEST0001", f"OUT{n:04d}").encode()


async def send(url: str, *numbers: int) -> set[int]:
    """The answers."""

    async def one(n: int) -> int:
        headers = {"X-Webhook-Signature": hmac.digest(SECRET.encode(), body(n), "sha256").hex(),
                   "X-Webhook-Event": "whatsapp.message.received", "X-Idempotency-Key": f"key-{n}"}  # fmt: skip
        return (await post(url, body(n), headers))[0]

    return set(await asyncio.gather(*(one(n) for n in numbers)))


async def messages(pool: Pool) -> int:
    return int(await pool.fetchval("SELECT count(*) FROM messages"))


async def _count_is(pool: Pool, wanted: int) -> bool:
    return await messages(pool) == wanted


async def _spill_is_empty(pool: Pool) -> bool:
    return await rows(pool, "spill") == []


async def test_without_redis_deliveries_are_taken_and_mirrored_all_the_same(
    pool: Pool, database_url: str, valkey: Valkey
) -> None:
    async with receiver(valkey.url, database_url) as url, worker(database_url, valkey.url):
        assert await send(url, 1) == {200}
        await until(lambda: _count_is(pool, 1))
        valkey.stop()
        assert await send(url, *range(2, 30)) == {200}
        await until(lambda: _count_is(pool, 29), seconds=10)
        ready, _, _ = await post(url.replace("/webhooks/kapso", "/readyz"), b"", {}, method="GET")
        assert ready == 200
        await asyncio.to_thread(valkey.start)
        client: Redis = Redis.from_url(valkey.url)
        await until(lambda: client.exists("drain:{0}"))
        await client.aclose()
        assert await send(url, 100) == {200}
        await until(lambda: _count_is(pool, 30))
        # What was spilled is removed after it was applied: its message can be there a moment before.
        await until(lambda: _spill_is_empty(pool))
    books = await rows(pool, "deliveries")
    assert {row["idempotency_key"] for row in books} >= {f"key-{n}" for n in range(1, 30)}
    assert await rows(pool, "dead_letters") == []


async def test_a_redis_that_hangs_delays_an_answer_by_seconds_and_loses_nothing(
    pool: Pool, database_url: str, valkey: Valkey
) -> None:
    async with receiver(valkey.url, database_url) as url:
        assert await send(url, 1) == {200}
        assert valkey.process is not None
        valkey.process.send_signal(signal.SIGSTOP)
        begun = time.monotonic()
        assert await send(url, *range(2, 20)) == {200}
        assert time.monotonic() - begun < KAPSO_WAITS_SECONDS
        valkey.process.send_signal(signal.SIGCONT)
        assert len(await rows(pool, "spill")) >= 1
        client: Redis = Redis.from_url(valkey.url)
        in_stream = int(await client.xlen(stream_name(0)))
        await client.aclose()
    assert in_stream + len(await rows(pool, "spill")) >= 19


async def test_a_redis_that_hangs_for_long_delays_only_the_first(pool: Pool, database_url: str, valkey: Valkey) -> None:
    """The ones after it never wait for Redis again until it answers; the first after that may still be spilled."""
    async with receiver(valkey.url, database_url) as url:
        assert valkey.process is not None
        valkey.process.send_signal(signal.SIGSTOP)
        assert await send(url, 1) == {200}
        seconds, n, until_time = list[float](), 1, time.monotonic() + 1.2 * STORE_SECONDS
        while time.monotonic() < until_time:
            n, begun = n + 1, time.monotonic()
            assert await send(url, n) == {200}
            seconds.append(time.monotonic() - begun)
            await asyncio.sleep(0.1)
        assert max(seconds) < STORE_SECONDS
        valkey.process.send_signal(signal.SIGCONT)
        client: Redis = Redis.from_url(valkey.url)

        async def is_streamed() -> bool:
            nonlocal n
            n, before = n + 1, int(await client.xlen(stream_name(0)))
            await send(url, n)
            return int(await client.xlen(stream_name(0))) > before

        await until(is_streamed)
        await client.aclose()
    assert len({row["id"] for row in await rows(pool, "spill")}) >= len(seconds)


async def test_without_postgres_the_receiver_does_not_notice(redis: Redis, redis_url: str) -> None:
    async with receiver(redis_url) as url:
        assert await send(url, *range(10)) == {200}
    assert await redis.xlen(stream_name(0)) == 10


async def test_an_inbox_over_its_bytes_answers_503_until_there_is_room(redis: Redis, redis_url: str) -> None:
    async with receiver(redis_url, inbox_limit_bytes=30_000) as url:
        taken = 0
        while (answers := await send(url, taken)) == {200}:
            taken += 1
        assert (answers, 5 < taken < 60) == ({503}, True)
        await redis.delete(stream_name(0))
        assert await send(url, 1) == {200}


async def test_a_spill_over_its_bytes_takes_nothing_more(pool: Pool) -> None:
    await pool.execute("TRUNCATE spill")  # the size is that of the file, which other tests have filled
    spill, taken = Spill(pool, limit_bytes=200_000), 0
    with contextlib.suppress(InboxFull):
        while taken < 100:
            await spill.append([delivery(os.urandom(20_000))])
            taken += 1
    assert 2 < taken < 15
    assert len(await rows(pool, "spill")) == taken


def spill_drain(pool: Pool, redis: Redis, stop: asyncio.Event) -> SpillDrain:
    heartbeat = Heartbeat(redis, "spill", within=15)
    return SpillDrain(
        pool, stop, release="t", give_up=lambda: True, alone=asyncio.Lock(), tombstones=NOBODY_ERASED, bounds=bounds,
        heartbeat=heartbeat,
    )  # fmt: skip


async def test_the_spill_condemns_only_the_delivery_that_kills_who_settles_it(pool: Pool, redis: Redis) -> None:
    spill, stop = Spill(pool, limit_bytes=1 << 30), asyncio.Event()
    good, killer = delivery(body(1), "whatsapp.message.received"), delivery(b"killer", "whatsapp.message.received")
    await spill.append([good, killer])
    for _ in range(SUSPICIOUS_TRIES):
        taken = await spill.take(500, most_bytes=1 << 20, alone_from=SUSPICIOUS_TRIES)
        assert len(taken) == 2
    for _ in range(2 * CRASHES_ALONE):
        alone = await spill.take(500, most_bytes=1 << 20, alone_from=SUSPICIOUS_TRIES)
        assert len(alone) == 1
        if alone[0].delivery.body == b"killer" and alone[0].attempts == SUSPICIOUS_TRIES + CRASHES_ALONE:
            break
        if alone[0].delivery.body != b"killer":
            await settled(pool, [alone[0].delivery])
            await spill.remove([good])
    emptying = asyncio.create_task(spill_drain(pool, redis, stop).run())
    await until(lambda: _is_empty(pool))
    stop.set()
    await emptying
    (letter,) = await rows(pool, "dead_letters")
    assert (letter["error_kind"], letter["delivery_id"]) == ("crash", str(killer.id))
    assert len(await rows(pool, "messages")) == 1


async def test_a_release_that_can_read_nothing_leaves_the_spill_as_it_is(pool: Pool, redis: Redis) -> None:
    await pool.execute("CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'odd'; END $$;")
    await pool.execute("CREATE TRIGGER odd BEFORE INSERT ON messages EXECUTE FUNCTION odd()")
    spill, stop = Spill(pool, limit_bytes=1 << 30), asyncio.Event()
    await spill.append([delivery(body(n), "whatsapp.message.received") for n in range(30)])
    emptying = asyncio.create_task(spill_drain(pool, redis, stop).run())
    await until(lambda: _alarmed(pool))
    assert max(row["attempts"] for row in await rows(pool, "spill")) == 0
    assert len(await rows(pool, "spill")) == 30
    await pool.execute("DROP TRIGGER odd ON messages")
    await until(lambda: _is_empty(pool))
    stop.set()
    await emptying
    assert (await messages(pool), await alarms.standing(pool)) == (30, [])


async def _alarmed(pool: Pool) -> bool:
    return [alarm.name for alarm in await alarms.standing(pool)] == [ALARM]


async def _is_empty(pool: Pool) -> bool:
    return not await rows(pool, "spill")


async def test_two_workers_do_not_empty_the_spill_at_once(pool: Pool) -> None:
    spill = Spill(pool, limit_bytes=1 << 30)
    async with spill.ours() as first, spill.ours() as second:
        assert (first, second) == (True, False)
    async with spill.ours() as again:
        assert again
