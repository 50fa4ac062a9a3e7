"""The worker process: `python -m workers`. A drain for each stream, and the daily upkeep."""

import asyncio
import signal
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import structlog
import uvloop

from config import logs
from config.settings import WorkerSettings, load
from store import deliveries, inbox, postgres, redis
from workers.arq_worker import Job, work
from workers.drain import Drain
from workers.settle import Settler

log = structlog.get_logger(__name__)

# Often enough that a drain always has somebody standing by; each stands by a little longer than the pause between two.
TICK_SECONDS = 2
LEASE_MS = 5_000
GRACE_SECONDS = 20


async def run(settings: WorkerSettings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    pool = await postgres.connect(
        settings.database_url.get_secret_value(), size=4 + 2 * settings.inbox_shards, by_key=True
    )
    client = redis.connect(settings.redis_url.get_secret_value())

    async def drain(shard: int) -> None:
        settler = Settler(pool, source="push", give_up=stop.is_set)
        lease = inbox.Lease(client, shard, uuid4().hex, milliseconds=LEASE_MS)
        reader = inbox.Reader(client, shard)
        one = Drain(reader, lease, settler, stop, shift_seconds=settings.drain_shift_seconds)
        await one.stand_by(TICK_SECONDS + 1)

    async def keep_days() -> None:
        today = datetime.now(UTC).date()
        await deliveries.make_days(pool, today)
        if dropped := await deliveries.drop_days(pool, today - timedelta(days=settings.delivery_days)):
            log.info("dropped old days of deliveries", days=dropped)

    jobs = [
        Job(
            f"drain:{shard}",
            partial(drain, shard),
            timeout_seconds=int(settings.drain_shift_seconds) + 60,
            schedule={"second": set(range(0, 60, TICK_SECONDS))},
        )
        for shard in range(settings.inbox_shards)
    ]
    jobs.append(Job("keep_days", keep_days, timeout_seconds=300, schedule={"minute": {7}}))
    log.info("worker begins", shards=settings.inbox_shards)
    await work(settings.redis_url.get_secret_value(), jobs, stop, grace_seconds=GRACE_SECONDS)
    await client.aclose()
    await pool.close()
    log.info("worker ends")


def main() -> None:
    settings = load(WorkerSettings)
    logs.configure(settings.log_level)
    uvloop.run(run(settings))


if __name__ == "__main__":
    main()
