"""A clock that is wrong is an alarm, and costs no message: times are judged by several clocks, and by when one looks."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from store.inbox.inbox import StreamReader
from store.ops.clocks import ALARM, LIMIT, Clocks, difference
from store.postgres import Pool
from tests.cli.test_console import run
from tests.helpers import bounds, delivery, drained, payload, post, receiver, rows, until
from tests.webhooks.test_receive import signed
from workers.drain.interpret import interpret
from workers.drain.mapping.values import bounds_at
from workers.drain.settle import InterpretedDelivery, Settler

TWO_DAYS = timedelta(days=2)


def off_by(by: timedelta) -> Callable[[], datetime]:
    return lambda: datetime.now(UTC) + by


def of_now() -> bytes:
    body = payload("received_text")["body"]
    body["message"]["timestamp"] = str(int(datetime.now(UTC).timestamp()))
    return json.dumps(body).encode()


@pytest.mark.parametrize("by", [-TWO_DAYS, TWO_DAYS, timedelta(seconds=30)])
async def test_now_is_what_the_stores_say_when_this_machine_is_wrong(by: timedelta, pool: Pool, redis: Redis) -> None:
    clocks = Clocks(off_by(by))
    ahead = await clocks.compare(pool, redis)
    assert set(ahead) == {"postgres", "redis"}
    assert all(abs(one + by) < timedelta(seconds=1) for one in ahead.values())
    assert abs(clocks.now() - datetime.now(UTC)) < timedelta(seconds=1)
    words = difference("worker on here", ahead)
    assert words is not None
    assert "postgres is" in words
    assert "redis is" in words


async def test_now_is_the_local_time_when_the_clocks_agree_or_one_store_alone_is_wrong(
    pool: Pool, redis: Redis
) -> None:
    clocks = Clocks()
    await clocks.compare(pool, redis)
    assert difference("worker on here", {"postgres": LIMIT / 2}) is None
    clocks._ahead["redis"] = TWO_DAYS
    assert abs(clocks.now() - datetime.now(UTC)) < timedelta(seconds=1)
    for ahead in (TWO_DAYS, -TWO_DAYS):  # the other one is away
        clocks._ahead = {"redis": ahead}
        assert abs(clocks.now() - datetime.now(UTC)) < timedelta(seconds=1)


async def test_receiver_with_a_slow_clock_stores_the_right_time_and_raises_an_alarm(
    pool: Pool, redis: Redis, database_url: str, redis_url: str
) -> None:
    async def alarmed() -> bool:
        return any(row["name"].startswith(f"{ALARM}receiver") for row in await rows(pool, "alarms"))

    async with receiver(redis_url, database_url, clocks=Clocks(off_by(-TWO_DAYS))) as url:
        await until(alarmed)
        body = of_now()
        assert (await post(url, body, signed(body)))[0] == 200
    (entry,) = await StreamReader(redis, 0).head(1)
    assert abs(entry.delivery.received_at - datetime.now(UTC)) < timedelta(minutes=1)
    await drained(pool, redis)
    assert len(await rows(pool, "messages")) == 1


def test_a_receipt_two_days_too_early_does_not_make_a_message_senseless() -> None:
    one = delivery(of_now(), "whatsapp.message.received", at=datetime.now(UTC) - TWO_DAYS)
    assert interpret(one, bounds()).failures == []
    assert interpret(one, bounds_at(one.received_at)).failures != []


def test_a_worker_two_days_slow_does_not_make_a_message_senseless() -> None:
    one = delivery(of_now(), "whatsapp.message.received", at=datetime.now(UTC))
    assert interpret(one, bounds_at(datetime.now(UTC) - TWO_DAYS)).failures == []


async def test_replay_judges_by_the_time_of_the_replay(
    pool: Pool, database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything was two days slow when the message came; now the clocks are right."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    early = datetime.now(UTC) - TWO_DAYS
    one = delivery(of_now(), "whatsapp.message.received", at=early)
    await Settler(pool, release="t", give_up=lambda: True).settle(
        [InterpretedDelivery(one, interpret(one, bounds_at(early)))]
    )
    (letter,) = await rows(pool, "dead_letters")
    assert "message.timestamp" in letter["error"]
    code, out, _ = await run("dead-letters", "replay", "--go", "--json")
    assert (code, json.loads(out)["applied"]) == (0, 1)
    assert len(await rows(pool, "messages")) == 1
