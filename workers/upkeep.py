"""What needs no Kapso: days made and dropped, old runs pruned, and an ear for silence."""

from datetime import UTC, datetime, timedelta

import structlog
from redis.asyncio import Redis

from config.hours import BusinessHours
from store import alarms, customers, deliveries, handoffs, inbox, lag, reading, reconcile, retention
from store.postgres import Pool
from store.retention import Retention
from store.tombstones import Tombstones

log = structlog.get_logger(__name__)

SILENCE = "silence"
QUIET = (
    "Nothing was received since {at:%Y-%m-%d %H:%M} UTC, longer than SILENCE_MINUTES within BUSINESS_HOURS. "
    "See: mirror webhooks check."
)


async def keep_days(pool: Pool, *, days: int, handoff_days: int) -> None:
    today = datetime.now(UTC).date()
    await deliveries.make_days(pool, today)
    if dropped := await deliveries.drop_days(pool, today - timedelta(days=days)):
        log.info("dropped old days of deliveries", days=dropped)
    before = datetime.now(UTC) - timedelta(days=days)
    await reconcile.prune_runs(pool, before)
    await reading.prune_runs(pool, before)
    await customers.forget_requests(pool)
    await handoffs.prune(pool, datetime.now(UTC) - timedelta(days=handoff_days))


async def forget(pool: Pool, redis: Redis, keep: Retention, tombstones: Tombstones, *, shards: int) -> None:
    """What is older than the retention settings say."""
    if not keep:
        return
    done = await retention.prune(pool, redis, keep, tombstones, shards=shards)
    log.info("dropped what was too old", messages=done.messages, dead_letters=done.dead_letters, leads=done.leads)


async def listen(pool: Pool, *, hours: BusinessHours, longest: timedelta) -> None:
    """An alarm stands while nothing has been received for `longest` of business hours."""
    at = await reconcile.last_received_at(pool)
    quiet = hours.between(at, datetime.now(UTC)) > longest
    await alarms.stand(pool, SILENCE, QUIET.format(at=at.astimezone(UTC)) if quiet else None)


async def sample(pool: Pool, redis: Redis, *, shards: int) -> None:
    """What the operators' chart shows: how late each stage is, now."""
    await lag.sample(pool, await inbox.waiting(redis, shards))
