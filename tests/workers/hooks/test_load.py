"""Hooks under load: how soon they hear, and that nothing is lost while worker, Redis and Postgres' sessions are killed."""

import asyncio
import json
import signal
import time
from collections import Counter
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from domain.lead import Source
from store.leads import leads
from store.leads.leads import Actor
from store.postgres import Pool
from tests.chats import chat
from tests.helpers import until
from tests.whole.test_outages import valkey  # noqa: F401  (a server of our own)
from tests.workers.hooks.test_hooks import KEY, Receiver, added
from tests.workers.processes import Worker
from tools.devstack.servers import Valkey

pytestmark = pytest.mark.long

RESULTS = Path(__file__).resolve().parents[3] / ".run" / "results"

RATE, SECONDS, PEOPLE = 50, 24, 40
BY = Actor(Source.AGENT, "key:load")
TURN = ("qualified", "contacted")


async def test_sender_keeps_up_with_fifty_a_second_and_loses_none_when_killed(
    pool: Pool,
    database_url: str,
    valkey: Valkey,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOOKS_KEY", KEY.decode())
    monkeypatch.setenv("HOOKS_PRIVATE", "true")
    receiver = Receiver()
    for n in range(PEOPLE):
        await chat(pool, "halo", number=f"6281300{n:06}")
    ids = [row["id"] for row in await pool.fetch("SELECT id FROM leads")]
    async with receiver.served() as url:
        await added(pool, url, "lead.status_changed")
        first = await _sent_undisturbed(pool, database_url, valkey, ids, receiver)
        assert first < 2.0, f"p99 {first:.2f} s"
        await _sent_while_killed(pool, database_url, valkey, ids, receiver)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "hooks.json").write_text(json.dumps({"p99_seconds": round(first, 3), "messages": len(receiver.got)}))


async def _sent_undisturbed(
    pool: Pool, database_url: str, server: Valkey, ids: list[UUID], receiver: Receiver
) -> float:
    """The 99th percentile of the seconds from commit to arrival."""
    worker = Worker(database_url, server.url)
    await worker.start()
    committed = await _changes(pool, ids, SECONDS / 2)
    await until(lambda: _all_sent(pool))
    await worker.end(signal.SIGTERM)
    arrived = dict(zip((headers["webhook-id"] for headers, _ in receiver.got), receiver.at, strict=True))
    late = sorted(arrived[f"msg_{id}"] - at for id, at in (await _numbered(pool, committed)).items())
    return late[int(len(late) * 0.99)]


async def _sent_while_killed(
    pool: Pool, database_url: str, server: Valkey, ids: list[UUID], receiver: Receiver
) -> None:
    worker, before = Worker(database_url, server.url), len(receiver.got)
    await worker.start()
    made: list[float] = []
    changing = asyncio.create_task(_changes(pool, ids, SECONDS, made))
    for _ in range(3):
        more = len(made) + 3 * RATE
        await until(lambda more=more: _more(made, more))  # type: ignore[misc]
        await worker.end(signal.SIGKILL)
        worker = Worker(database_url, server.url)
        await worker.start()
    await asyncio.to_thread(server.stop)
    await asyncio.to_thread(server.start)
    killer = await asyncpg.connect(database_url)
    await killer.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kapso-mirror' AND query LIKE '%notification%'"
    )
    await killer.close()
    changes = len(await changing)
    # A claim of a worker that was killed is free after a minute.
    await until(lambda: _all_sent(pool), seconds=120)
    await worker.end(signal.SIGTERM)
    told = Counter(headers["webhook-id"] for headers, _ in receiver.got[before:])
    assert len(told) == changes
    assert sum(told.values()) <= 1.01 * changes + 1


async def _changes(pool: Pool, ids: list[UUID], seconds: float, found: list[float] | None = None) -> list[float]:
    """RATE of them a second; the times of their commits, also in `found` meanwhile."""
    begun, found = time.monotonic(), [] if found is None else found
    turn = 0
    while (done := time.monotonic() - begun) < seconds:
        if turn < done * RATE:
            try:
                moved = await leads.set_status(pool, ids[turn % PEOPLE], TURN[turn // PEOPLE % 2], by=BY)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                continue
            if moved.changed:
                found.append(time.time())
            turn += 1
        await asyncio.sleep(0.001)
    return found


async def _numbered(pool: Pool, committed: list[float]) -> dict[int, float]:
    """The id of each notification, and when its change was committed."""
    rows = await pool.fetch("SELECT id FROM notifications ORDER BY id")
    return dict(zip((row["id"] for row in rows), committed, strict=True))


async def _all_sent(pool: Pool) -> bool:
    return not await pool.fetchval("SELECT count(*) FROM notifications WHERE state <> 'sent'")


async def _more(made: list[float], count: int) -> bool:
    return len(made) >= count
