"""The whole: receiver and workers as real processes, a chaotic town, workers killed, and every row checked."""

import asyncio
import signal
from pathlib import Path

from redis.asyncio import Redis

from store.inbox.inbox import stream_name
from store.postgres import Pool
from tests.helpers import SECRET, receiver, until
from tests.workers.processes import worker
from tools.simulator.chaos import KINDS
from tools.simulator.checker.compare import compare
from tools.simulator.run import Plan, simulate


async def test_a_chaotic_town_with_the_worker_killed_three_times_is_mirrored_without_a_fault(
    pool: Pool, redis: Redis, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger"
    async with receiver(redis_url) as url, worker(database_url, redis_url) as one:
        plan = Plan(url, SECRET, ledger, rate=400, seed=11, events=3000, chaos=frozenset(KINDS), people=60)
        town = asyncio.create_task(simulate(plan, asyncio.Event()))
        for kill in range(1, 4):
            await until(lambda kill=kill: _settled(pool, 500 * kill), seconds=60)  # type: ignore[misc]
            await one.end(signal.SIGKILL)
            await one.start()
        tally = await town
        await until(lambda: _empty(redis), seconds=60)
    assert (tally.refused, tally.unanswered) == (0, 0)
    report = await compare(database_url, ledger, waiting=0)
    assert report.is_right, report.examples
    assert report.accepted == report.applied + report.ignored + report.dead == tally.accepted


async def _settled(pool: Pool, count: int) -> bool:
    return bool(await pool.fetchval("SELECT count(*) >= $1 FROM deliveries", count))


async def _empty(redis: Redis) -> bool:
    return bool(await redis.xlen(stream_name(0)) == 0)
