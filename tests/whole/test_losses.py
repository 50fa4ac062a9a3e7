"""Redis comes back with less than it had accepted: that is noticed, named with its window, and repaired over REST."""

import asyncio
import hmac
import json
import signal
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from kapso.events import NOT_LISTED
from store.inbox import watermarks
from store.inbox.appender import Appender
from store.inbox.inbox import Numbered, StreamReader, stream_name, watermark_name
from store.inbox.spill import Spill
from store.inbox.watermarks import Loss, Watermarks
from store.ops import alarms
from store.postgres import Pool, statement
from tests.cli.test_console import run
from tests.helpers import SECRET, delivery, drained, post, receiver, rows, until
from tests.servers import NUMBER, client, kapso_api
from tests.workers.poll.test_watch_kapso import watch
from tools.devstack.servers import Valkey
from tools.simulator.town import Event
from workers.poll.losses import ALARM, LossWatch


@pytest.fixture
async def valkey(tmp_path: Path) -> AsyncIterator[Valkey]:
    server = Valkey(tmp_path, durable=True)
    await asyncio.to_thread(server.start)
    yield server
    server.stop()


def message(n: int) -> dict[str, Any]:
    """As Kapso pushes it, and as its API lists it."""
    at, talk = str(int(datetime.now(UTC).timestamp())), f"00000000-0000-4000-8000-{n:012d}"
    kapso = {"direction": "inbound", "status": "received", "phone_number": f"62811{n:06d}"}
    said = {
        "id": f"wamid.L{n}",
        "timestamp": at,
        "type": "text",
        "from": f"62811{n:06d}",
        "text": {"body": f"pesan {n}"},
    }
    return {
        "message": said | {"kapso": kapso}, "phone_number_id": NUMBER,
        "conversation": {"id": talk, "phone_number": f"62811{n:06d}", "phone_number_id": NUMBER, "status": "active"},
    }  # fmt: skip


async def send(url: str, *bodies: dict[str, Any]) -> None:
    for body in bodies:
        raw = json.dumps(body).encode()
        headers = {
            "X-Webhook-Signature": hmac.digest(SECRET.encode(), raw, "sha256").hex(),
            "X-Webhook-Event": "whatsapp.message.received",
        }
        assert (await post(url, raw, headers))[0] == 200


async def reported(pool: Pool, accepted: int) -> None:
    """The receiver has told Postgres how many it accepted."""
    query = "SELECT coalesce(sum(accepted), 0) FROM inbox_watermarks"
    await until(lambda: _is(pool.fetchval(query), accepted))


async def noticed(pool: Pool, redis: Redis, lost: LossWatch) -> list[Loss]:
    """Tick until a loss is known. The pause before it is judged is made to be over."""
    async with asyncio.timeout(20):
        while not (found := await watermarks.losses(pool)):
            await lost.tick()
            await pool.execute(statement("judge_watermarks"), 0.0)
    return found


async def flushed(valkey: Valkey) -> None:
    redis: Redis = Redis.from_url(valkey.url)
    await redis.flushall()
    await redis.aclose()


async def new_folder(valkey: Valkey) -> None:
    assert valkey.process is not None
    valkey.process.send_signal(signal.SIGKILL)
    valkey.process.wait()
    valkey.wipe()
    await asyncio.to_thread(valkey.start)


async def truncated(valkey: Valkey) -> None:
    """Without the last append, as after a crash that tore the end of the file."""
    assert valkey.process is not None
    valkey.process.send_signal(signal.SIGKILL)
    valkey.process.wait()
    (file,) = (valkey.folder / "valkey" / "appendonlydir").glob("*.incr.aof")
    content = file.read_bytes()
    file.write_bytes(content[: content.rindex(b"*1\r\n$4\r\nEXEC") - 1])
    await asyncio.to_thread(valkey.start)


@pytest.mark.parametrize(("disaster", "lost"), [(flushed, 20), (new_folder, 20), (truncated, 1)])
async def test_lost_deliveries_are_an_alarm_with_their_window_and_are_read_again(
    disaster: Callable[[Valkey], Any], lost: int, pool: Pool, valkey: Valkey, database_url: str
) -> None:
    began = datetime.now(UTC)
    redis: Redis = Redis.from_url(valkey.url)
    async with kapso_api() as (api, world, _), client(api) as kapso:
        async with receiver(valkey.url, database_url) as url:
            bodies = [message(n) for n in range(20)]
            await send(url, *bodies)
            for body in bodies:
                world.learn(Event("whatsapp.message.received", "v2", body))
            await reported(pool, 20)
            await disaster(valkey)
        assert await redis.xlen(stream_name(0)) == 20 - lost
        losses = LossWatch(pool, redis, watch(pool, redis, kapso).repair)
        (found,) = await noticed(pool, redis, losses)
        assert found.deliveries == lost
        # What Redis still has of it says nothing about when the rest was lost.
        earliest = began - timedelta(minutes=10 if lost == 1 else 0)
        assert earliest <= found.since <= found.until <= datetime.now(UTC)
        await losses.tick()
    (alarm,) = await alarms.standing(pool)
    assert alarm.name == ALARM
    assert f"up to {lost} accepted deliveries" in alarm.what
    assert f"{found.until:%Y-%m-%d %H:%M:%S} UTC" in alarm.what
    assert all(kind in alarm.what for kind in NOT_LISTED)
    (found,) = await watermarks.losses(pool)
    assert found.missing is not None
    assert found.missing >= lost
    assert f"read again over REST: {found.missing} rows were missing" in alarm.what
    await drained(pool, redis)
    assert len(await rows(pool, "messages")) == 20
    await redis.aclose()


async def test_acknowledging_a_loss_ends_its_alarm(
    pool: Pool, redis: Redis, database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    async with receiver(redis_url, database_url) as url:
        await send(url, message(1))
        await reported(pool, 1)
        await redis.flushdb()
    lost = LossWatch(pool, redis, None)
    await noticed(pool, redis, lost)
    await lost.tick()
    (alarm,) = await alarms.standing(pool)
    assert "KAPSO_API_KEY is not set" in alarm.what
    code, out, _ = await run("losses")
    assert (code, "stream 0: up to 1 deliveries" in out) == (1, True)
    assert (await run("losses", "acknowledge", "--by", "rina"))[0] == 0
    await lost.tick()
    assert await alarms.standing(pool) == []
    code, out, _ = await run("losses", "--json")
    assert (code, json.loads(out)[0]["acknowledged_by"]) == (0, "rina")


async def test_a_redis_that_loses_only_what_is_settled_is_no_loss(
    pool: Pool, redis: Redis, database_url: str, redis_url: str
) -> None:
    async with receiver(redis_url, database_url) as url:
        await send(url, *(message(n) for n in range(3)))
        await reported(pool, 3)
        (epoch,) = await pool.fetch("SELECT epoch FROM inbox_watermarks")
        await pool.execute("UPDATE inbox_watermarks SET settled = 3, settled_to = accepted_at")
        await redis.flushdb()
        await send(url, message(4))
        await until(lambda: _is(pool.fetchval("SELECT count(*) FROM inbox_watermarks"), 2))
    lost = LossWatch(pool, redis, None)
    await lost.tick()
    await pool.execute("UPDATE inbox_watermarks SET closed_at = now() - interval '1 min' WHERE closed_at IS NOT NULL")
    await lost.tick()
    assert await watermarks.losses(pool) == []
    old = await pool.fetchrow("SELECT judged_at FROM inbox_watermarks WHERE epoch = $1", epoch["epoch"])
    assert old["judged_at"] is not None


async def test_a_receiver_notices_that_numbers_are_given_out_twice(pool: Pool, redis: Redis) -> None:
    """A replica that was behind becomes the primary, and new deliveries soon cover up how many there had been."""
    key, marks = watermark_name(0), Watermarks()
    await redis.hset(key, mapping={"epoch": "1", "appended": 130})  # type: ignore[misc]
    marks.accepted(0, "1", 1, 120)
    await marks.report(pool, redis)
    marks.accepted(0, "1", 106, 130)
    await marks.report(pool, redis)
    row = await pool.fetchrow("SELECT accepted, kept, closed_at FROM inbox_watermarks")
    assert (row["accepted"], row["kept"], row["closed_at"] is not None) == (120, 105, True)
    assert await redis.hget(key, "epoch") != b"1"  # type: ignore[misc]
    await pool.execute("UPDATE inbox_watermarks SET closed_at = now() - interval '1 min'")
    await watermarks.compare(pool, redis)
    (loss,) = await watermarks.losses(pool)
    assert loss.deliveries == 15


async def test_numbers_that_a_drain_settled_after_a_rollback_hide_no_loss(pool: Pool, redis: Redis) -> None:
    """100 were accepted, Redis comes back with 80, and a drain reports 110 before the receiver reports anything."""
    marks = Watermarks()
    await redis.hset(watermark_name(0), mapping={"epoch": "1", "appended": 110})  # type: ignore[misc]
    marks.accepted(0, "1", 1, 100)
    await marks.report(pool, redis)
    await watermarks.settled(pool, 0, Numbered("1", 110), datetime.now(UTC))
    marks.accepted(0, "1", 81, 110)
    await marks.report(pool, redis)
    await pool.execute(statement("judge_watermarks"), 0.0)
    (loss,) = await watermarks.losses(pool)
    assert (loss.deliveries, loss.since < datetime.now(UTC) - timedelta(minutes=9)) == (20, True)


async def test_a_receiver_that_begins_after_a_rollback_knows_what_there_was(pool: Pool, redis: Redis) -> None:
    before, after = Watermarks(), Watermarks()
    await redis.hset(watermark_name(0), mapping={"epoch": "1", "appended": 110})  # type: ignore[misc]
    before.accepted(0, "1", 1, 100)
    await before.report(pool, redis)
    await after.learn(pool)
    after.accepted(0, "1", 81, 110)
    await after.report(pool, redis)
    assert await pool.fetchval("SELECT kept FROM inbox_watermarks") == 80


async def test_another_receiver_knows_what_the_first_had_accepted(pool: Pool, redis: Redis) -> None:
    one, other = Watermarks(), Watermarks()
    await redis.hset(watermark_name(0), mapping={"epoch": "1", "appended": 110})  # type: ignore[misc]
    one.accepted(0, "1", 1, 120)
    await one.report(pool, redis)
    await other.report(pool, redis)
    await other.report(pool, redis)
    other.accepted(0, "1", 106, 110)
    await other.report(pool, redis)
    assert await pool.fetchval("SELECT kept FROM inbox_watermarks") == 105


async def test_what_receivers_accept_in_turn_is_no_loss(pool: Pool, redis: Redis) -> None:
    one, other = Watermarks(), Watermarks()
    await redis.hset(watermark_name(0), mapping={"epoch": "1", "appended": 40})  # type: ignore[misc]
    for n in range(1, 40, 2):
        one.accepted(0, "1", n, n)
        if n % 3 == 0:
            await one.report(pool, redis)
        other.accepted(0, "1", n + 1, n + 1)
        if n % 5 == 0:
            await other.report(pool, redis)
    await one.report(pool, redis)
    await other.report(pool, redis)
    await watermarks.compare(pool, redis)
    assert await pool.fetchval("SELECT count(*) FROM inbox_watermarks WHERE closed_at IS NOT NULL") == 0


async def _is(value: Any, wanted: object) -> bool:
    return bool(await value == wanted)


async def test_a_foreign_entry_or_a_slower_drain_is_no_loss(
    pool: Pool, redis: Redis, database_url: str, redis_url: str
) -> None:
    reader, losses = StreamReader(redis, 0), LossWatch(pool, redis, None)
    async with receiver(redis_url, database_url) as url:
        await send(url, *(message(n) for n in range(6)))
        await redis.xadd(stream_name(0), {"nonsense": "1"})
        entries = await reader.read(b"0", count=20, wait_ms=1)
        await reader.trim(entries)
        await losses.tick()
        await reader.trim(entries[:3])
        await losses.tick()
        await send(url, message(7))
        await losses.tick()
    assert await watermarks.losses(pool) == []


async def test_an_answer_that_is_on_its_way_is_no_loss(pool: Pool, redis: Redis) -> None:
    """Another receiver reports a higher number before our own, lower one is handled."""
    one, other = Watermarks(), Watermarks()
    await redis.hset(watermark_name(0), mapping={"epoch": "1", "appended": 100})  # type: ignore[misc]
    other.accepted(0, "1", 96, 100)
    await other.report(pool, redis)
    await one.report(pool, redis)
    one.accepted(0, "1", 95, 95)
    await one.report(pool, redis)
    assert await pool.fetchval("SELECT count(*) FROM inbox_watermarks WHERE closed_at IS NOT NULL") == 0


async def test_the_window_of_a_loss_is_told_by_the_stores_clocks(pool: Pool, redis: Redis) -> None:
    """The clock of the receiver is two days fast, and nobody has noticed yet."""
    began, marks = datetime.now(UTC) - timedelta(seconds=1), Watermarks()
    spill = Spill(pool, limit_bytes=0)
    appender = Appender(redis, spill, shards=1, limit=100, limit_bytes=1 << 30, watermarks=marks)
    wrong = [delivery(message(n), at=began + timedelta(days=2)) for n in range(4)]
    await asyncio.gather(*(appender.append(one) for one in wrong[:2]))
    await marks.report(pool, redis)
    (first, *_) = await StreamReader(redis, 0).read(b"0", count=1, wait_ms=1)
    assert first.numbered is not None
    await watermarks.settled(pool, 0, first.numbered, first.accepted_at)
    await asyncio.gather(*(appender.append(one) for one in wrong[2:]))
    await marks.report(pool, redis)
    await redis.flushdb()
    await watermarks.compare(pool, redis)
    await pool.execute(statement("judge_watermarks"), 0.0)
    (loss,) = await watermarks.losses(pool)
    assert (loss.deliveries, began <= loss.since <= loss.until <= datetime.now(UTC)) == (3, True)


@pytest.mark.parametrize(("command", "lost"), [(("DEL", "inbox:{0}"), 6), (("XTRIM", "inbox:{0}", "MAXLEN", "2"), 4)])
async def test_entries_that_disappear_from_a_stream_are_a_loss(
    command: tuple[str, ...], lost: int, pool: Pool, redis: Redis, database_url: str, redis_url: str
) -> None:
    async with receiver(redis_url, database_url) as url:
        await send(url, *(message(n) for n in range(3)))
        await drained(pool, redis)
        await send(url, *(message(n) for n in range(3, 9)))
        await redis.execute_command(*command)  # type: ignore[no-untyped-call]
        losses = LossWatch(pool, redis, None)
        await losses.tick()
        await send(url, *(message(n) for n in range(9, 12)))
        await losses.tick()
    (found,) = await watermarks.losses(pool)
    assert found.deliveries == lost
    assert (await alarms.standing(pool))[0].name == ALARM
    await drained(pool, redis)
    await losses.tick()
    assert len(await watermarks.losses(pool)) == 1
