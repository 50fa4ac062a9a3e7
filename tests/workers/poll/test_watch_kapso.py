"""The jobs that ask Kapso, their alarms, and what operators do about them."""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kapso.client import Client
from kapso.events import subscribed
from store.inbox.watermarks import Loss
from store.mirror import cursors
from store.ops import alarms, heartbeats
from store.postgres import Pool
from store.privacy.tombstones import NOBODY_ERASED
from tests.cli.test_console import inside, run
from tests.helpers import delivery, queue, rows, served
from tests.servers import KEY, NUMBER, client, kapso_api
from tests.workers.poll.test_poll import refusing, town_events
from workers.poll.watch_kapso import API_KEY, PUSH_PATH, WEBHOOKS, KapsoWatch, WantedWebhooks
from workers.poll.webhook_check import problems


def watch(pool: Pool, redis: Redis, kapso: Client, url: str | None = None) -> KapsoWatch:
    return KapsoWatch(pool, redis, kapso, shards=1, release="test", grace=timedelta(minutes=5),
                      trailing=timedelta(hours=24), wanted=WantedWebhooks(url, ["secret"]), tombstones=NOBODY_ERASED)  # fmt: skip


async def standing(pool: Pool) -> set[str]:
    return {alarm.name for alarm in await alarms.standing(pool)}


async def test_a_run_is_kept_and_what_came_late_is_an_alarm(pool: Pool, redis: Redis) -> None:
    await pool.execute("UPDATE mirror SET began_at = '2020-01-01Z'")
    async with kapso_api() as (url, world, _), client(url) as kapso:
        one = watch(pool, redis, kapso)
        await one.poll()
        assert await standing(pool) == set()
        for event in town_events(20):
            world.learn(event)
        await cursors.close(pool, f"messages:{NUMBER}", datetime(2020, 1, 1, tzinfo=UTC))
        await pool.execute("UPDATE cursors SET complete_to = '2020-01-01Z'")
        await one.poll()
    first, second = await rows(pool, "reconcile_runs")
    assert (first["kind"], first["checked"], second["late"] > 0) == ("fresh", 0, True)
    assert await standing(pool) == {PUSH_PATH}


async def test_a_wrong_key_is_an_alarm_until_it_is_right(pool: Pool, redis: Redis) -> None:
    async with kapso_api() as (url, _, _):
        async with client(url, key="of yesterday") as kapso:
            await watch(pool, redis, kapso).poll()
        (alarm,) = await alarms.standing(pool)
        assert alarm.name == API_KEY
        assert "KAPSO_API_KEY" in alarm.what
        async with client(url) as kapso:
            await watch(pool, redis, kapso).poll()
    assert await standing(pool) == set()


async def test_a_service_that_does_not_answer_is_no_reason_to_stop(pool: Pool, redis: Redis) -> None:
    async with client("http://127.0.0.1:1") as kapso:
        await watch(pool, redis, kapso).poll()
    (kept,) = await rows(pool, "reconcile_runs")
    assert kept["error"] == "no answer (ConnectError)"


async def test_while_the_inbox_is_far_behind_polling_would_only_raise_false_alarms(pool: Pool, redis: Redis) -> None:
    await queue(redis, delivery(b"{}", at=datetime.now(UTC) - timedelta(minutes=2)))
    async with kapso_api() as (url, _, _), client(url) as kapso:
        await watch(pool, redis, kapso).poll()
    assert await rows(pool, "reconcile_runs") == []
    (loop,) = await heartbeats.loops(redis)
    assert (loop.name, "inbox" in (loop.waits_for or "")) == ("polling (fresh)", True)


async def test_one_worker_at_a_time_polls(pool: Pool, redis: Redis) -> None:
    await redis.set("watch:fresh", "somebody", px=10_000)
    async with kapso_api() as (url, _, _), client(url) as kapso:
        await watch(pool, redis, kapso).poll()
    assert await rows(pool, "reconcile_runs") == []


URL = "https://mirror.invalid/webhooks/kapso"
RIGHT = {
    "id": "w",
    "url": URL,
    "active": True,
    "secret_key": "secret",
    "events": list(subscribed("number")),
    "kind": "kapso",
}


@pytest.mark.parametrize(
    ("webhooks", "kinds"),
    [
        ([RIGHT], []),
        ([], ["missing"]),
        ([RIGHT | {"url": "https://elsewhere.invalid"}], ["missing"]),
        ([RIGHT | {"active": False}], ["paused"]),
        ([RIGHT | {"secret_key": "of yesterday"}], ["secret"]),
        ([RIGHT | {"events": ["whatsapp.message.received"]}], ["events"]),
        ([RIGHT | {"kind": "meta", "events": []}], []),
        ([RIGHT, RIGHT | {"active": False, "events": []}], ["paused", "events"]),
        ([{"url": URL + "/"}], []),
    ],
)
def test_a_webhook_is_held_against_what_it_must_be(webhooks: list[dict[str, Any]], kinds: list[str]) -> None:
    found = problems(webhooks, "1", url=URL, secrets=["secret"])
    assert [problem.kind for problem in found] == kinds
    assert all("mirror webhooks" in problem.what or "KAPSO_WEBHOOK" in problem.what for problem in found)


Environment = Callable[..., None]


@pytest.fixture
def environment(database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """Set variables for the console. The stores are set already."""

    def put(**given: str) -> None:
        for name, value in given.items():
            monkeypatch.setenv(name, value)

    put(DATABASE_URL=database_url, REDIS_URL=redis_url)
    return put


@pytest.mark.usefixtures("redis")
async def test_webhooks_are_checked_registered_and_resumed(
    pool: Pool, environment: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    async with kapso_api() as (url, _, webhooks):
        environment(KAPSO_API_URL=url, KAPSO_API_KEY=KEY, WEBHOOK_URL=URL, KAPSO_WEBHOOK_SECRETS="secret")
        code, out, _ = await inside(capsys, "webhooks", "check")
        assert (code, out.count("has no webhook")) == (1, 2)
        assert await standing(pool) == {WEBHOOKS}
        code, out, _ = await inside(capsys, "webhooks", "register")
        assert (code, "the webhooks are as they must be" in out) == (0, True)
        assert sorted(len(one["events"]) for one in webhooks.configured.values()) == [
            len(subscribed("number")),
            len(subscribed("project")),
        ]
        assert await standing(pool) == set()
        for _ in range(25):
            webhooks.ended("whatsapp.message.received", delivered=False, created_at=time.time(), attempts=3)
        assert webhooks.paused
        code, out, _ = await inside(capsys, "webhooks", "check", "--json")
        assert (code, {one["kind"] for one in json.loads(out)["problems"]}) == (1, {"paused"})
        code, out, _ = await inside(capsys, "webhooks", "resume")
        assert (code, out.count("resumed"), webhooks.paused) == (0, 2, False)


@pytest.mark.usefixtures("pool", "redis")
async def test_reconcile_fetches_what_an_operator_asks_for(
    environment: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    async with kapso_api() as (url, world, _):
        for event in town_events(30):
            world.learn(event)
        total = len(list(world.all_messages()))
        code, _, err = await inside(capsys, "reconcile")
        assert (code, "KAPSO_API_KEY is not set" in err) == (2, True)
        environment(KAPSO_API_URL=url, KAPSO_API_KEY="wrong")
        code, _, err = await inside(capsys, "reconcile")
        assert (code, "KAPSO_API_KEY is not (or no longer) a key" in err) == (1, True)
        environment(KAPSO_API_KEY=KEY)
        code, out, _ = await inside(capsys, "reconcile", "--json")
        assert (code, json.loads(out)["checked"]) == (0, 0)
        code, out, _ = await run("reconcile", "--since", "1d", "--json")
        assert (code, json.loads(out)["missing"]) == (1, total)
        code, out, _ = await inside(capsys, "reconcile", "--since", "1d")
        assert (code, "0 were missing here" in out) == (0, True)


async def test_webhooks_are_checked_while_the_inbox_is_behind(pool: Pool, redis: Redis) -> None:
    """A paused webhook may be why it is."""
    await queue(redis, delivery(b"{}", at=datetime.now(UTC) - timedelta(minutes=2)))
    async with kapso_api() as (url, _, _), client(url) as kapso:
        await watch(pool, redis, kapso, url=URL).webhooks()
        assert await standing(pool) == {WEBHOOKS}
        # Without the setting nothing is wanted, and nothing can end the alarm later.
        await watch(pool, redis, kapso).webhooks()
    assert await standing(pool) == set()


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (["--until", "2d"], "--until needs --since"),
        (["--contacts", "--since", "2d"], "leave --since"),
        (["--since", "1d", "--until", "2d"], "later than --since"),
    ],
)
async def test_a_window_that_makes_no_sense_is_refused(
    given: list[str], what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, told = await inside(capsys, "reconcile", *given)
    assert (code, what in told) == (2, True)


async def test_a_repair_that_was_interrupted_is_recorded_as_that(pool: Pool, redis: Redis) -> None:
    asked, ends = asyncio.Event(), asyncio.Event()

    async def hang(request: Request) -> Response:
        if "messages" in request.url.path:
            asked.set()
            await ends.wait()
        return JSONResponse({"data": []})

    await pool.execute("INSERT INTO phone_numbers (id) VALUES ($1) ON CONFLICT DO NOTHING", NUMBER)
    async with served(Starlette(routes=[Route("/{rest:path}", hang)])) as url, client(url) as kapso:
        now = datetime.now(UTC)
        repair = asyncio.create_task(
            watch(pool, redis, kapso).repair(Loss(1, now, 0, now - timedelta(hours=1), now, 1, None, None, None, None))
        )
        await asyncio.wait_for(asked.wait(), 10)
        repair.cancel()
        with pytest.raises(asyncio.CancelledError):
            await repair
        ends.set()
    assert [row["error"] for row in await rows(pool, "reconcile_runs")] == ["it was interrupted"]


async def test_what_kapso_refuses_is_no_success_of_reconcile(
    pool: Pool, environment: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    async with refusing("/messages") as url:
        environment(KAPSO_API_URL=url, KAPSO_API_KEY=KEY, KAPSO_PHONE_NUMBER_IDS=NUMBER)
        await pool.execute("INSERT INTO phone_numbers (id) VALUES ($1) ON CONFLICT DO NOTHING", NUMBER)
        code, _, told = await inside(capsys, "reconcile", "--since", "2d")
    assert (code, f"Not compared: messages:{NUMBER}" in told) == (1, True)
    (kept,) = await rows(pool, "reconcile_runs")
    assert f"messages:{NUMBER}" in kept["error"]
