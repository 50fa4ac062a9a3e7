"""The worker process: `python -m workers`. A drain for each stream, the spill, and the daily upkeep."""

import asyncio
import signal
from datetime import UTC, datetime, timedelta

import structlog
import uvloop

from config import logs
from config.settings import WorkerSettings, load
from store import deliveries, postgres, redis
from store.spill import Spill
from workers.arq_worker import Job, work
from workers.drains import drain_jobs
from workers.empty_spill import empty_spill
from workers.settle import Settler

log = structlog.get_logger(__name__)

GRACE_SECONDS = 20


async def run(settings: WorkerSettings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    pool = await postgres.connect(
        settings.database_url.get_secret_value(), size=6 + 2 * settings.inbox_shards, by_key=True
    )
    client = redis.connect(settings.redis_url.get_secret_value())

    async def keep_days() -> None:
        today = datetime.now(UTC).date()
        await deliveries.make_days(pool, today)
        if dropped := await deliveries.drop_days(pool, today - timedelta(days=settings.delivery_days)):
            log.info("dropped old days of deliveries", days=dropped)

    jobs = drain_jobs(
        pool,
        client,
        stop,
        count=settings.inbox_shards,
        shift_seconds=settings.drain_shift_seconds,
        release=settings.release,
    )
    jobs.append(Job("keep_days", keep_days, timeout_seconds=300, schedule={"minute": {7}}))
    log.info("worker begins", shards=settings.inbox_shards, release=settings.release)
    spill = Spill(pool, limit_bytes=0)
    settler = Settler(pool, release=settings.release, give_up=stop.is_set)
    # Outside of arq, which needs Redis.
    emptying = asyncio.create_task(empty_spill(spill, settler, stop))
    await work(settings.redis_url.get_secret_value(), jobs, stop, grace_seconds=GRACE_SECONDS)
    await emptying
    await client.aclose()
    await pool.close()
    log.info("worker ends")


def main() -> None:
    settings = load(WorkerSettings)
    logs.configure(settings.log_level)
    uvloop.run(run(settings))


if __name__ == "__main__":
    main()
