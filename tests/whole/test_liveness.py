"""Nothing that is stuck is silent: status names the loop and what it waits for, and no hiccup of a store stops a drain."""

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from store.inbox.inbox import stream_name
from store.ops.drains import report
from store.ops.heartbeats import Heartbeat, loops
from store.ops.status import MirrorStatus, status
from store.postgres import Pool
from store.privacy.tombstones import Tombstones
from tests.databases import name_of
from tests.helpers import SECRET, delivery, payload, post, queue, until
from tests.webhooks.test_receive import BODY, signed
from tests.workers.processes import ROOT, worker
from tools.devstack.processes import preexec
from workers.jobs.read_chats import ChatReading


async def now(pool: Pool, redis: Redis) -> MirrorStatus:
    return await status(pool, redis, 1, datetime.now(UTC) - timedelta(hours=1))


async def has(pool: Pool, id: str) -> bool:
    return bool(await pool.fetchval("SELECT EXISTS (SELECT FROM messages WHERE id = $1)", id))


def text(id: str) -> bytes:
    return json.dumps(payload("received_text")["body"]).replace("wamid.TEST0001", id).encode()


async def test_drain_goes_on_within_seconds_after_its_stream_was_no_stream(
    pool: Pool, redis: Redis, database_url: str, redis_url: str
) -> None:
    async with worker(database_url, redis_url):
        for turn in range(3):
            await until(lambda: _is(redis.exists("drain:{0}"), 1))
            await redis.delete(stream_name(0))
            await redis.set(stream_name(0), "x")
            await until(lambda: _waits_for(redis, "drain 0", "redis"))
            await redis.delete(stream_name(0))
            await queue(redis, delivery(text(f"wamid.turn{turn}"), "whatsapp.message.received"))
            await until(lambda turn=turn: has(pool, f"wamid.turn{turn}"), seconds=10)  # type: ignore[misc]


async def test_status_names_the_lock_that_a_drain_waits_for_and_its_holder(
    pool: Pool, redis: Redis, database_url: str, redis_url: str, gate: asyncpg.Connection
) -> None:
    await gate.execute("SET application_name TO 'a person at psql'")
    await queue(redis, delivery(text("wamid.locked"), "whatsapp.message.received"))
    async with gate.transaction(), worker(database_url, redis_url):
        await gate.execute("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE")

        async def said() -> bool:
            problems = " ".join((await now(pool, redis)).problems)
            return f"pid {gate.get_server_pid()} (a person at psql" in problems and "idle in transaction" in problems

        await until(said)


async def test_status_names_a_full_disk_that_a_drain_waits_for(
    pool: Pool, redis: Redis, database_url: str, redis_url: str
) -> None:
    await pool.execute(
        "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE 'could not extend file' USING ERRCODE = '53100'; END $$"
    )
    await pool.execute("CREATE TRIGGER no_room BEFORE INSERT ON messages EXECUTE FUNCTION no_room()")
    await queue(redis, delivery(text("wamid.full"), "whatsapp.message.received"))
    async with worker(database_url, redis_url):
        await until(lambda: _waits_for(redis, "drain 0", "the disk of postgres is full"))
        await pool.execute("DROP TRIGGER no_room ON messages")
        await until(lambda: has(pool, "wamid.full"))
        await until(lambda: _waits_for(redis, "drain 0", None))


async def test_status_reports_a_loop_without_progress(pool: Pool, redis: Redis) -> None:
    await report(pool, 0, datetime.now(UTC), None)
    stuck, well = Heartbeat(redis, "drain 0", within=-1), Heartbeat(redis, "spill", within=60)
    stuck.waits("it waits for a reason")
    well.beat()
    await until(lambda: _is(redis.hlen("heartbeats"), 2))
    assert [p for p in (await now(pool, redis)).problems if "progress" in p] == [
        "drain 0 has made no progress for 0 s: it waits for a reason"
    ]
    await stuck.end()
    assert (await now(pool, redis)).problems == []


async def test_status_says_that_postgres_is_read_only(pool: Pool, redis: Redis, database_url: str) -> None:
    name = name_of(database_url)
    await pool.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    async with asyncpg.create_pool(database_url, min_size=1, max_size=1) as reading:
        assert any("read-only" in problem for problem in (await now(reading, redis)).problems)


async def test_status_names_the_chat_reader_that_ends_at_every_start(
    pool: Pool, redis: Redis, database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("MODEL_URL", "http://127.0.0.1:1")  # without MODEL_NAME its settings are wrong
    chats = ChatReading(pool, redis, every=30)
    with capture_logs() as logs:
        await chats.tick()
    (said,) = [one for one in logs if one["log_level"] == "error"]
    assert "exit code 2" in said["error"]
    await until(lambda: _waits_for(redis, "reading chats", "exit code 2"))
    await chats.close()


async def test_receiver_and_worker_do_their_work_with_their_logs_on_a_full_disk(
    pool: Pool, redis: Redis, database_url: str, redis_url: str, unused_port: int
) -> None:
    environment = os.environ | {
        "DATABASE_URL": database_url, "REDIS_URL": redis_url, "KAPSO_WEBHOOK_SECRETS": SECRET, "LOG_LEVEL": "DEBUG",
        "PORT": str(unused_port), "HOST": "127.0.0.1",
    }  # fmt: skip
    with open("/dev/full", "w") as full:  # noqa: PTH123, ASYNC230  (a device)
        started = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-m", module, env=environment, cwd=ROOT, stdout=full, stderr=subprocess.DEVNULL,
                preexec_fn=preexec(),
            )
            for module in ("webhooks", "workers")
        ]  # fmt: skip
    url = f"http://127.0.0.1:{unused_port}"
    try:
        await until(lambda: _answers(f"{url}/healthz"))
        assert (await post(f"{url}/webhooks/kapso", BODY, signed(BODY)))[0] == 200
        assert (await post(f"{url}/webhooks/kapso", BODY, {}))[0] == 401
        await until(lambda: has(pool, "wamid.TEST0001"))
        assert [process.returncode for process in started] == [None, None]
    finally:
        for process in started:
            process.kill()
            await process.wait()


def test_an_exception_that_ends_a_process_is_one_json_line_without_its_text() -> None:
    script = "from config import logs; logs.configure('INFO'); logs.crashes_as_json(); raise ValueError('Budi +62811')"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    line = json.loads(done.stdout)
    assert (done.returncode, line["error"], done.stderr) == (1, "ValueError", "")
    assert "Budi" not in done.stdout


def test_lines_of_libraries_are_json_too() -> None:
    script = (
        "import logging; from config import logs; logs.configure('INFO')\n"
        "try: 1 / 0\n"
        "except ZeroDivisionError: logging.getLogger('uvicorn').exception('a \"quoted\" line\\nand another')"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    line = json.loads(done.stdout)
    assert (line["logger"], line["error"], "\n" in line["event"]) == ("uvicorn", "ZeroDivisionError", True)


async def _is(value: "asyncio.Future[int] | object", wanted: int) -> bool:
    return bool(await value == wanted)  # type: ignore[misc]


async def _waits_for(redis: Redis, name: str, what: str | None) -> bool:
    found = {loop.name: loop.waits_for for loop in await loops(redis)}
    if name not in found:
        return False
    return found[name] is None if what is None else what in (found[name] or "")


async def _answers(url: str) -> bool:
    try:
        return (await post(url, b"", {}, method="GET"))[0] == 200
    except OSError:
        return False


async def test_status_says_that_a_worker_lacks_the_key_by_which_people_were_erased(
    pool: Pool, redis: Redis, database_url: str, redis_url: str
) -> None:
    async with pool.acquire() as connection:
        await Tombstones(b"a key of its own").lay(connection, ["+62817"])
    async with worker(database_url, redis_url):

        async def said() -> bool:
            return any("Set ERASURE_KEY" in problem for problem in (await now(pool, redis)).problems)

        await until(said)
