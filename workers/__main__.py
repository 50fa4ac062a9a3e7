"""The worker process: `python -m workers`. A drain for each stream, the spill, polling, and the daily upkeep."""

import asyncio
import contextlib
import gc
import signal
from datetime import timedelta
from functools import partial

import structlog
import uvloop
from redis.asyncio import Redis
from redis.exceptions import RedisError

from config import logs
from config.hours import BusinessHours
from config.settings import WorkerSettings, load
from kapso.client import Client
from store import drains, inbox, postgres, redis
from store.budget import Budget
from store.concerns import tell_concerns
from store.handoffs import PostgresCRMClient
from store.postgres import STORE_ERRORS, Pool
from store.retention import Retention
from store.tombstones import Tombstones
from workers.arq_worker import Job, work
from workers.asked_replays import run_asked
from workers.drains import drain_jobs
from workers.empty_spill import SpillDrain
from workers.handoffs import HandoffDesk
from workers.read_chats import ChatReading
from workers.upkeep import forget, keep_days, listen, sample
from workers.watch_kapso import KapsoWatch, Wanted

log = structlog.get_logger(__name__)

GRACE_SECONDS = 20


async def run(settings: WorkerSettings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    url = settings.database_url.get_secret_value()
    pool = await postgres.connect(url, size=6 + 2 * settings.inbox_shards, by_key=True)
    # Looking around takes other plans than writing by keys.
    looking = await postgres.connect(url, size=4)
    client = redis.connect(settings.redis_url.get_secret_value())
    kapso = kapso_client(settings, client)
    with contextlib.suppress(*STORE_ERRORS):  # the hourly job tries again
        await keep_days(looking, days=settings.delivery_days, handoff_days=settings.handoff_days)
    alone, shards = asyncio.Lock(), settings.inbox_shards
    with contextlib.suppress(RedisError, OSError):
        shards = await inbox.streams(client, shards)
    with contextlib.suppress(*STORE_ERRORS):
        await drains.forget(looking, shards)
    tombstones = Tombstones(settings.erasure_bytes)
    jobs = drain_jobs(
        pool,
        client,
        stop,
        count=shards,
        alone=alone,
        shift_seconds=settings.drain_shift_seconds,
        release=settings.release,
        tombstones=tombstones,
    )
    jobs += upkeep_jobs(settings, looking, client)
    chats = ChatReading(looking, client, every=settings.extraction_seconds)
    jobs.append(Job("read_chats", chats.tick, 1000, {"second": set(range(0, 60, 2))}))
    desk = HandoffDesk(looking, PostgresCRMClient(looking))
    jobs.append(Job("handoffs", desk.tick, 300, {"second": set(range(0, 60, 2))}))
    asked = partial(run_asked, pool, release=settings.release, tombstones=tombstones)
    jobs.append(Job("asked_replays", asked, 24 * 3600, {"second": set(range(60))}))
    if kapso:
        jobs += kapso_jobs(settings, pool, client, kapso)
    await tell_concerns(looking, client)
    log.info("worker begins", shards=settings.inbox_shards, release=settings.release, polls=kapso is not None)
    # Outside of arq, which needs Redis.
    spill = SpillDrain(pool, stop, release=settings.release, give_up=stop.is_set, alone=alone, tombstones=tombstones)
    emptying = asyncio.create_task(spill.run())
    await work(settings.redis_url.get_secret_value(), jobs, stop, grace_seconds=GRACE_SECONDS)
    await emptying
    await chats.close()
    if kapso:
        await kapso.close()
    await client.aclose()
    await looking.close()
    await pool.close()
    log.info("worker ends")


def kapso_client(settings: WorkerSettings, redis: Redis) -> Client | None:
    if settings.kapso_api_key is None:
        log.warning("KAPSO_API_KEY is not set: nothing is polled, what is not pushed stays missing")
        return None
    key = settings.kapso_api_key.get_secret_value()
    budget = Budget(redis, key, per_minute=settings.kapso_requests_per_minute)
    return Client(url=settings.kapso_api_url, key=key, spend=budget.spend, punish=budget.punish)


def upkeep_jobs(settings: WorkerSettings, pool: Pool, redis: Redis) -> list[Job]:
    hours = BusinessHours.parse(settings.business_hours)
    listening = partial(listen, pool, hours=hours, longest=timedelta(minutes=settings.silence_minutes))
    keep = Retention(settings.message_days, settings.dead_letter_days, settings.lead_days)
    tombstones = Tombstones(settings.erasure_bytes)
    pruning = partial(forget, pool, redis, keep, tombstones, shards=settings.inbox_shards)
    return [
        Job("prune", pruning, 3 * 3600, {"hour": {19}, "minute": {17}}, at_start=False),
        Job(
            "keep_days",
            partial(keep_days, pool, days=settings.delivery_days, handoff_days=settings.handoff_days),
            300,
            {"minute": {7}},
        ),
        Job("sample", partial(sample, pool, redis, shards=settings.inbox_shards), 8, {"second": set(range(0, 60, 10))}),
        Job("listen", listening, 30, {"second": {10}}),
    ]


def kapso_jobs(settings: WorkerSettings, pool: Pool, redis: Redis, kapso: Client) -> list[Job]:
    secrets = [secret.get_secret_value() for secret in settings.kapso_webhook_secrets]
    watch = KapsoWatch(
        pool,
        redis,
        kapso,
        shards=settings.inbox_shards,
        release=settings.release,
        grace=timedelta(seconds=settings.poll_grace_seconds),
        trailing=timedelta(hours=settings.trailing_hours),
        wanted=Wanted(settings.webhook_url, secrets),
        tombstones=Tombstones(settings.erasure_bytes),
    )
    seconds = set(range(0, 60, settings.poll_seconds))
    return [
        Job("poll", watch.poll, 1800, {"second": seconds}),
        Job("webhooks", watch.webhooks, 120, {"minute": set(range(0, 60, 5)), "second": {20}}),
        Job("trail", watch.trail, 3500, {"minute": {37}, "second": {0}}, at_start=False),
        Job("contacts", watch.contacts, 6 * 3600, {"hour": {1, 7, 13, 19}, "minute": {43}}, at_start=False),
    ]


def main() -> None:
    settings = load(WorkerSettings)
    logs.configure(settings.log_level)
    # A batch makes thousands of objects and no cycles; looking for cycles as often as usual is a tenth of a drain.
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    uvloop.run(run(settings))


if __name__ == "__main__":
    main()
