"""Chats are read every 30 to 60 seconds, by one process at a time, beside the mirror and not in its way."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from pydantic import SecretStr, ValidationError
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from structlog.testing import capture_logs

from config.settings import WorkerSettings
from kapso.client import Client
from store.inbox.inbox import stream_name
from store.leads import reading
from store.postgres import Pool
from tests.chats import NUMBER, chat, conversation, extracted, lead
from tests.helpers import delivery, queue, rows, served, settled, until
from tests.servers import client, kapso_api, scripted
from tests.workers.extraction.test_model import answer
from tools.simulator.town import Event
from workers.extraction.extract import Extraction
from workers.extraction.give_way import GiveWay
from workers.extraction.known import Known
from workers.extraction.rules.reader import Rules
from workers.extraction.variables import fetch_variables
from workers.jobs.read_chats import ChatReading


@pytest.mark.parametrize("seconds", [30, 45, 60])
def test_the_cadence_is_a_setting(seconds: int, database_url: str, redis_url: str) -> None:
    settings = WorkerSettings(
        database_url=SecretStr(database_url), redis_url=SecretStr(redis_url), extraction_seconds=seconds
    )
    assert settings.extraction_seconds == seconds


@pytest.mark.parametrize("seconds", [0, 29, 61, 3600])
def test_any_other_cadence_is_refused(seconds: int, database_url: str, redis_url: str) -> None:
    with pytest.raises(ValidationError, match="extraction_seconds"):
        WorkerSettings(database_url=SecretStr(database_url), redis_url=SecretStr(redis_url), extraction_seconds=seconds)


@pytest.fixture
def environment(database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)


@pytest.mark.usefixtures("environment")
async def test_a_process_of_its_own_reads_when_it_is_due(pool: Pool, redis: Redis) -> None:
    await chat(pool, "saya Rina dari Bandung")
    chats = ChatReading(pool, redis, every=30)
    try:
        with capture_logs() as told:
            await chats.tick()
        # A pass whose "error" is null has not failed.
        assert [(one["event"], one["log_level"]) for one in told] == [("read chats", "info")]
        assert (await lead(pool))["domisili"] == "Bandung"
        await chat(pool, "eh salah, Cimahi maksudnya", at=9)
        await chats.tick()  # not yet
        assert len(await rows(pool, "extraction_runs")) == 1
        await pool.execute("UPDATE extraction_runs SET began_at = began_at - interval '30 seconds'")
        await chats.tick()
        assert (await lead(pool))["domisili"] == "Cimahi"
        assert chats._child is not None
        assert os.getpriority(os.PRIO_PROCESS, chats._child.pid) >= 10
    finally:
        await chats.close()
    assert chats._child.returncode == 0


@pytest.mark.usefixtures("environment")
async def test_many_workers_read_once(pool: Pool, redis: Redis) -> None:
    await chat(pool, "saya Rina dari Bandung")
    workers = [ChatReading(pool, redis, every=30) for _ in range(3)]
    try:
        await asyncio.gather(*(worker.tick() for worker in workers))
        assert len(await rows(pool, "extraction_runs")) == 1
    finally:
        for worker in workers:
            await worker.close()


@pytest.mark.usefixtures("environment")
async def test_a_reader_that_was_killed_is_replaced(pool: Pool, redis: Redis) -> None:
    chats = ChatReading(pool, redis, every=0)
    try:
        await chats.tick()
        assert chats._child is not None
        os.kill(chats._child.pid, 9)
        await chats._child.wait()
        await chat(pool, "saya Rina dari Bandung")
        await chats.tick()
        assert (await lead(pool))["domisili"] == "Bandung"
    finally:
        await chats.close()


def reading_with_model(pool: Pool) -> Extraction:
    known = Known(bot="sarah", note_event="lead.note")
    return Extraction(pool, known, [Rules("ID")], bot="sarah", model_per_minute=60)


def handover(execution: str) -> Event:
    body = {
        "event": "workflow.execution.handoff", "occurred_at": datetime.now(UTC).isoformat(), "workflow_execution_id": execution,
        "workflow_id": str(uuid4()), "status": "handoff", "channel": "whatsapp", "whatsapp_conversation_id": conversation(),
        "handoff": {"reason": "asked"},
    }  # fmt: skip
    return Event("workflow.execution.handoff", "v2", body)


async def fetched(pool: Pool, kapso: Client) -> None:
    await fetch_variables(pool, kapso)


async def test_what_the_bot_knew_is_fetched_once_and_read(pool: Pool) -> None:
    known, gone = str(uuid4()), str(uuid4())
    await chat(pool, "halo")
    async with kapso_api() as (url, world, _), client(url) as kapso:
        for id in (known, gone):
            event = handover(id)
            await settled(pool, [delivery(event.body, event.name, at=datetime.now(UTC))])
            if id == known:
                world.learn(event)
        world.conversations[conversation()] = {"id": conversation(), "contact_name": "Rina Kusuma"}
        await fetched(pool, kapso)
        assert await reading.unread_executions(pool, limit=10) == []
    await extracted(pool)
    assert (await lead(pool, number=NUMBER))["name"] == "Rina Kusuma"


async def test_a_kapso_that_refuses_is_asked_again_later(pool: Pool) -> None:
    await chat(pool, "halo")
    event = handover(str(uuid4()))
    await settled(pool, [delivery(event.body, event.name, at=datetime.now(UTC))])
    async with kapso_api() as (url, _, _), client(url, key="wrong") as kapso:
        await fetched(pool, kapso)
    assert len(await reading.unread_executions(pool, limit=10)) == 1


async def test_while_the_inbox_is_late_reading_waits(redis: Redis) -> None:
    late = delivery(b"{}", at=datetime.now(UTC) - timedelta(seconds=1))
    await queue(redis, late)
    waiting = asyncio.create_task(GiveWay(redis, shards=1, most_seconds=30)())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(waiting), 0.3)
    await redis.delete(stream_name(0))
    await asyncio.wait_for(waiting, 5)


async def test_no_load_stops_reading_for_good(redis: Redis) -> None:
    await queue(redis, delivery(b"{}", at=datetime.now(UTC) - timedelta(seconds=1)))
    give_way = GiveWay(redis, shards=1, most_seconds=0.2)
    await asyncio.wait_for(give_way(), 5)
    await asyncio.wait_for(give_way(), 0.15)  # this minute's patience is spent


async def test_who_has_been_read_and_is_quiet_is_looked_at_no_more(pool: Pool) -> None:
    lately = "SELECT heard_lately FROM contacts"
    await chat(pool, "saya Rina dari Bandung")
    assert await pool.fetchval(lately)
    await extracted(pool)
    await extracted(pool)
    assert await pool.fetchval(lately), "a person's answer may become known for a quarter of an hour"
    await pool.execute("UPDATE contacts SET heard_at = heard_at - interval '1 hour'")
    await extracted(pool)
    assert await pool.fetchval(lately) is False
    await chat(pool, "eh salah, Cimahi maksudnya", at=9)
    assert await pool.fetchval(lately)
    await extracted(pool)
    assert (await lead(pool))["domisili"] == "Cimahi"


@pytest.mark.usefixtures("environment")
async def test_a_pass_that_did_not_run_asks_no_model(pool: Pool, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    await chat(pool, "saya Rina dari Bandung")
    await reading_with_model(pool).run()
    async with scripted([answer()] * 9) as (url, asked):
        monkeypatch.setenv("MODEL_URL", f"{url}/v1")
        monkeypatch.setenv("MODEL_NAME", "tiny")
        chats = ChatReading(pool, redis, every=0)
        try:
            async with reading.alone(pool):
                for _ in range(20):
                    await chats.tick()
            assert asked == []
            await chats.tick()

            async def has_asked() -> bool:
                return asked != []

            await until(has_asked)
        finally:
            await chats.close()


@pytest.mark.usefixtures("environment")
async def test_a_model_that_is_slow_delays_no_value_of_the_rules(
    pool: Pool, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    await chat(pool, "saya Rina dari Bandung")
    (message,) = await rows(pool, "messages")
    answers = asyncio.Event()
    found = {"field": "name", "value": "Rina Wati", "quote": "Rina", "message_id": message["id"], "confidence": 0.9}

    async def complete(_: Request) -> Response:
        await answers.wait()
        return answer([found])

    async with served(Starlette(routes=[Route("/v1/chat/completions", complete, methods=["POST"])])) as url:
        monkeypatch.setenv("MODEL_URL", f"{url}/v1")
        monkeypatch.setenv("MODEL_NAME", "slow")
        chats = ChatReading(pool, redis, every=30)
        try:
            await chats.tick()
            row = await lead(pool)
            assert (row["name"], row["domisili"], answers.is_set()) == ("Rina", "Bandung", False)
            answers.set()

            async def refined() -> bool:
                return bool((await lead(pool))["name"] == "Rina Wati")

            await until(refined)
        finally:
            answers.set()
            await chats.close()
