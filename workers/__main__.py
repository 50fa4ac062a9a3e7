"""The worker process: `python -m workers`. A drain for each stream, the spill, polling, and the daily upkeep."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from config import advice, logs
from config.environment import load
from config.hours import BusinessHours
from config.settings import WorkerSettings
from kapso.client import Client
from store import loops, postgres, redis
from store.crm.handoffs import NoCRMClient, crm_client
from store.hooks.notifications import Notification
from store.inbox import inbox
from store.media import files
from store.media.source import MediaSource
from store.ops import alarms, drains, heartbeats
from store.ops.alive import keep_touching
from store.ops.budget import Budget
from store.ops.clocks import Clocks
from store.ops.clocks import watch as clock_watch
from store.ops.concerns import log_concerns
from store.ops.heartbeats import Heartbeat
from store.postgres import STORE_ERRORS, Pool
from store.privacy.retention import Retention
from store.privacy.tombstones import Tombstones
from store.privacy.tombstones import watch as key_watch
from store.tasks import cancel_and_wait
from workers.arq_worker import Job, work
from workers.drain.drains import drain_jobs
from workers.drain.mapping.values import Bounds, bounds_at
from workers.drain.spill import SpillDrain
from workers.hooks.channels import Channel, EmailChannel, SlackChannel, WebhookChannel
from workers.hooks.sender import HookSender
from workers.jobs.asked_replays import run_asked
from workers.jobs.handoffs import HandoffSender
from workers.jobs.media import MediaKeeper, MediaLimits
from workers.jobs.read_chats import ChatReading
from workers.jobs.upkeep import (
    check_orphans,
    check_silence,
    end_stalled,
    fill_reply_times,
    forget,
    give_leads,
    keep_days,
    sample,
)
from workers.poll.losses import LossWatch
from workers.poll.watch_kapso import ALARMS, KapsoWatch, WantedWebhooks

log = structlog.get_logger(__name__)

GRACE_SECONDS = 20
SPILL_SECONDS = 15.0


async def run(settings: WorkerSettings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    url = settings.database_url.get_secret_value()
    pool = await postgres.connect(url, size=6 + 2 * settings.inbox_shards, by_key=True)
    # The first pool forces index plans, for look-ups by key. For all other statements, Postgres plans each call anew.
    general = await postgres.connect(url, size=4)
    client = redis.connect(settings.redis_url.get_secret_value())
    kapso = kapso_client(settings, client)
    with contextlib.suppress(*STORE_ERRORS):  # the hourly job tries again
        await days_of(settings, general)()
    alone, shards = asyncio.Lock(), settings.inbox_shards
    with contextlib.suppress(RedisError, OSError):
        for shard in await inbox.retire(client, shards):
            await heartbeats.forget(client, f"drain {shard}")
        shards = await inbox.count_streams(client, shards)
    with contextlib.suppress(*STORE_ERRORS):
        await drains.forget(general, shards)
    tombstones = Tombstones(settings.erasure_bytes)
    clocks = Clocks()
    await clocks.compare(general, client)

    def bounds() -> Bounds:
        return bounds_at(clocks.now(), most_events=settings.body_events_limit)

    jobs = drain_jobs(
        pool,
        client,
        stop,
        count=shards,
        alone=alone,
        shift_seconds=settings.drain_shift_seconds,
        release=settings.release,
        tombstones=tombstones,
        bounds=bounds,
    )
    jobs += upkeep_jobs(settings, general, client)
    chats = ChatReading(general, client, every=settings.extraction_seconds)
    jobs.append(Job("read_chats", chats.tick, 1000, {"second": set(range(0, 60, 2))}))
    handoff_sender = HandoffSender(general, crm_client(settings.crm_client, general, settings.phones), settings.phones)
    jobs.append(Job("handoffs", handoff_sender.tick, 300, {"second": set(range(0, 60, 2))}))
    outlets = channels(settings)
    notifier = HookSender(general, outlets)
    jobs.append(Job("hooks", notifier.tick, 120, {"second": set(range(60)) if outlets else {0, 30}}))
    jobs.append(Job("prune_hooks", notifier.prune, 600, {"minute": {7}, "second": {0}}))
    keeper = media_keeper(settings, general)
    if keeper:
        jobs.append(Job("media", keeper.tick, 1800, {"second": set(range(60))}))
        jobs.append(Job("expire_media", keeper.expire, 600, {"minute": set(range(1, 60, 5)), "second": {0}}))
    enable_media = partial(files.enable, general, on=settings.media_archive is not None)
    jobs.append(Job("enable_media", enable_media, 600, {"minute": {13}, "second": {0}}))
    asked = partial(run_asked, pool, release=settings.release, tombstones=tombstones, bounds=bounds)
    jobs.append(Job("asked_replays", asked, 24 * 3600, {"second": set(range(60))}))
    watch = kapso_watch(settings, pool, client, kapso) if kapso else None
    if watch:
        jobs += kapso_jobs(settings, watch)
    else:
        with contextlib.suppress(*STORE_ERRORS):
            for name in ALARMS:
                await alarms.clear(general, name)
    lost = LossWatch(general, client, watch.repair if watch else None, shards=shards)
    jobs.append(Job("losses", lost.tick, 3600, {"second": set(range(0, 60, 5))}))
    await log_concerns(general, client)
    log.info("worker begins", shards=settings.inbox_shards, release=settings.release, polls=kapso is not None)
    # Outside of arq, which needs Redis.
    spill = SpillDrain(
        pool,
        stop,
        release=settings.release,
        give_up=stop.is_set,
        alone=alone,
        tombstones=tombstones,
        bounds=bounds,
        heartbeat=Heartbeat(client, "spill", within=SPILL_SECONDS),
    )
    emptying = asyncio.create_task(spill.run())
    watching = asyncio.create_task(clock_watch(clocks, general, client, role="worker"))
    trying = asyncio.create_task(key_watch(tombstones, general, role="worker"))
    touching = asyncio.create_task(keep_touching(settings.alive_file))
    await work(settings.redis_url.get_secret_value(), jobs, stop, grace_seconds=GRACE_SECONDS)
    await emptying
    await cancel_and_wait(watching, trying, touching)
    await chats.close()
    await notifier.close()
    if keeper:
        await keeper.close()
    if kapso:
        await kapso.close()
    await client.aclose()
    await general.close()
    await pool.close()
    log.info("worker ends")


def channels(settings: WorkerSettings) -> dict[str, Channel]:
    """Those that settings allow."""
    found: dict[str, Channel] = {}

    def link(notification: Notification) -> str | None:
        """To the lead on the desk, where people sign in."""
        lead = notification.data.get("lead")
        return f"{settings.public_url.rstrip('/')}/?lead={lead['id']}" if settings.public_url and lead else None

    if settings.hooks_key:
        key = settings.hooks_key.get_secret_value().encode()
        found["webhook"] = WebhookChannel(key, private=settings.hooks_private, link=link)
    if settings.slack_webhook_url:
        found["slack"] = SlackChannel(settings.slack_webhook_url.get_secret_value(), link)
    if settings.smtp_url:
        found["email"] = EmailChannel(settings.smtp_url.get_secret_value(), settings.smtp_from, link)
    return found


def media_keeper(settings: WorkerSettings, pool: Pool) -> MediaKeeper | None:
    """Return None without MEDIA_ARCHIVE."""
    if settings.media_archive is None:
        return None
    limits = MediaLimits(settings.media_file_bytes, settings.media_day_bytes, settings.media_days)
    return MediaKeeper(pool, MediaSource(settings.media_hosts), settings.media_archive, limits)


def kapso_client(settings: WorkerSettings, redis: Redis) -> Client | None:
    if settings.kapso_api_key is None:
        log.warning("KAPSO_API_KEY is not set: nothing is polled, what is not pushed stays missing")
        return None
    key = settings.kapso_api_key.get_secret_value()
    budget = Budget(redis, key, per_minute=settings.kapso_requests_per_minute)
    return Client(url=settings.kapso_api_url, key=key, spend=budget.spend, punish=budget.punish)


def days_of(settings: WorkerSettings, pool: Pool) -> Callable[[], Awaitable[None]]:
    return partial(
        keep_days,
        pool,
        days=settings.delivery_days,
        handoff_days=settings.handoff_days,
        access_days=settings.access_log_days,
    )


def upkeep_jobs(settings: WorkerSettings, pool: Pool, redis: Redis) -> list[Job]:
    hours = BusinessHours.parse(settings.business_hours)
    longest = timedelta(minutes=settings.silence_minutes)
    silence = partial(check_silence, pool, redis, shards=settings.inbox_shards, hours=hours, longest=longest)
    keep = Retention(settings.message_days, settings.dead_letter_days, settings.lead_days)
    tombstones = Tombstones(settings.erasure_bytes)
    pruning = partial(forget, pool, redis, keep, tombstones, shards=settings.inbox_shards)
    return [
        Job("prune", pruning, 3 * 3600, {"hour": {19}, "minute": {17}}, at_start=False),
        Job("check_orphans", partial(check_orphans, pool), 3600, {"hour": {19}, "minute": {47}}, at_start=False),
        Job("keep_days", days_of(settings, pool), 300, {"minute": {7}}),
        Job("sample", partial(sample, pool, redis, shards=settings.inbox_shards), 8, {"second": set(range(0, 60, 10))}),
        Job("end_stalled", partial(end_stalled, pool), 5, {"second": set(range(0, 60, 5))}),
        Job("check_silence", silence, 30, {"second": {10}}),
        Job("reply_times", partial(fill_reply_times, pool), 300, {"second": {5, 35}}),
        Job("give_leads", partial(give_leads, pool), 60, {"second": set(range(0, 60, 5))}),
    ]


def kapso_watch(settings: WorkerSettings, pool: Pool, redis: Redis, kapso: Client) -> KapsoWatch:
    secrets = [secret.get_secret_value() for secret in settings.kapso_webhook_secrets]
    return KapsoWatch(
        pool,
        redis,
        kapso,
        shards=settings.inbox_shards,
        release=settings.release,
        grace=timedelta(seconds=settings.poll_grace_seconds),
        trailing=timedelta(hours=settings.trailing_hours),
        wanted=WantedWebhooks(settings.webhook_url, secrets),
        tombstones=Tombstones(settings.erasure_bytes),
    )


def kapso_jobs(settings: WorkerSettings, watch: KapsoWatch) -> list[Job]:
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
    logs.crashes_as_json()
    for text in advice.samples(settings):
        log.warning("setting problem", what=text)
    # A batch makes thousands of objects and no cycles; looking for cycles as often as usual is a tenth of a drain.
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    try:
        loops.run(run(settings))
    except NoCRMClient as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
