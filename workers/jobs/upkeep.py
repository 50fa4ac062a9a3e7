"""What needs no Kapso: make and drop days, prune old runs, give new leads to owners, and watch for silence."""

from datetime import UTC, datetime, timedelta

import structlog
from redis.asyncio import Redis

from config.hours import BusinessHours
from store.access import access_log
from store.crm import customers, handoffs
from store.inbox import inbox, watermarks
from store.leads import overview, owner_rules, reading
from store.mirror import deliveries, reconcile
from store.ops import alarms, lag, waits
from store.postgres import Pool
from store.privacy import retention
from store.privacy.retention import Retention
from store.privacy.tombstones import Tombstones

log = structlog.get_logger(__name__)

SILENCE = "silence"
QUIET = (
    "Nothing was received since {at:%Y-%m-%d %H:%M} UTC, longer than SILENCE_MINUTES within BUSINESS_HOURS. "
    "See: mirror webhooks check."
)


MOST_ORPHANS = 1000
ORPHANS = (
    "{count} rows of the last two days name a contact or a conversation that is not there. This is a fault of the "
    "mirror: report it with the result of the statement orphans (store/mirror/reconcile.sql)."
)


async def give_leads(pool: Pool) -> None:
    """To those whose turn it is, by the manager's rules."""
    if given := await owner_rules.give(pool):
        log.info("gave new leads to their owners", leads=given)


async def keep_days(pool: Pool, *, days: int, handoff_days: int, access_days: int) -> None:
    today = datetime.now(UTC).date()
    await deliveries.make_days(pool, today)
    if dropped := await deliveries.drop_days(pool, today - timedelta(days=days)):
        log.info("dropped old days of deliveries", days=dropped)
    before = datetime.now(UTC) - timedelta(days=days)
    await reconcile.prune_findings(pool, before)
    await reading.prune_runs(pool, before)
    await watermarks.prune(pool, before)
    await customers.forget_requests(pool)
    await handoffs.prune(pool, datetime.now(UTC) - timedelta(days=handoff_days))
    await access_log.prune(pool, datetime.now(UTC) - timedelta(days=access_days))


async def forget(pool: Pool, redis: Redis, keep: Retention, tombstones: Tombstones, *, shards: int) -> None:
    """What is older than the retention settings say."""
    if not keep:
        return
    done = await retention.prune(pool, redis, keep, tombstones, shards=shards)
    log.info("dropped what was too old", messages=done.messages, dead_letters=done.dead_letters, leads=done.leads)


async def check_silence(pool: Pool, redis: Redis, *, shards: int, hours: BusinessHours, longest: timedelta) -> None:
    """Raise an alarm while nothing has been received for `longest` of business hours.

    While deliveries wait in Redis, something was received: that they wait is an alarm of its own.
    """
    at = await reconcile.last_received_at(pool)
    waiting = await inbox.waiting(redis, shards)
    quiet = not waiting.deliveries and hours.between(at, datetime.now(UTC)) > longest
    await alarms.set_or_clear(pool, SILENCE, QUIET.format(at=at.astimezone(UTC)) if quiet else None)


async def fill_reply_times(pool: Pool) -> None:
    """For the overview, which must not be older than a minute."""
    await overview.fill_reply_times(pool, datetime.now(UTC))


async def check_orphans(pool: Pool) -> None:
    """An alarm stands while rows are there that belong to nobody: it is a fault of the mirror."""
    found = await reconcile.orphans(pool, most=MOST_ORPHANS)
    await alarms.set_or_clear(pool, "orphans", ORPHANS.format(count=found) if found else None)


async def end_stalled(pool: Pool) -> None:
    """A worker that hangs must not keep its locks from the one that takes its work up."""
    if ended := await waits.end_stalled(pool):
        log.warning("ended sessions whose process hangs", sessions=ended)


async def sample(pool: Pool, redis: Redis, *, shards: int) -> None:
    """What the operators' chart shows: how late each stage is, now."""
    await lag.sample(pool, await inbox.waiting(redis, shards))
