"""What needs no Kapso: days made and dropped, old runs pruned, and an ear for silence."""

from datetime import UTC, datetime, timedelta

import structlog

from config.hours import BusinessHours
from store import alarms, deliveries, reading, reconcile
from store.postgres import Pool

log = structlog.get_logger(__name__)

SILENCE = "silence"
QUIET = (
    "Nothing was received since {at:%Y-%m-%d %H:%M} UTC, longer than SILENCE_MINUTES within BUSINESS_HOURS. "
    "See: mirror webhooks check."
)


async def keep_days(pool: Pool, *, days: int) -> None:
    today = datetime.now(UTC).date()
    await deliveries.make_days(pool, today)
    if dropped := await deliveries.drop_days(pool, today - timedelta(days=days)):
        log.info("dropped old days of deliveries", days=dropped)
    before = datetime.now(UTC) - timedelta(days=days)
    await reconcile.prune_runs(pool, before)
    await reading.prune_runs(pool, before)


async def listen(pool: Pool, *, hours: BusinessHours, longest: timedelta) -> None:
    """An alarm stands while nothing has been received for `longest` of business hours."""
    at = await reconcile.last_received_at(pool)
    quiet = hours.between(at, datetime.now(UTC)) > longest
    await alarms.stand(pool, SILENCE, QUIET.format(at=at.astimezone(UTC)) if quiet else None)
