"""The jobs that ask Kapso: poll, compare, look after the webhooks. Each is done by one worker at a time, and kept."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from redis.asyncio import Redis

from kapso.client import Client, KapsoError, KapsoRefused, Priority, Rejected
from store.inbox import inbox
from store.inbox.lease import Lease
from store.inbox.spill import Spill
from store.inbox.watermarks import Loss
from store.mirror import reconcile
from store.mirror.reconcile import ComparisonCounts
from store.ops import alarms
from store.ops.heartbeats import Heartbeat
from store.postgres import Pool
from store.privacy.tombstones import Tombstones
from workers.poll import full_pass
from workers.poll.compare import Comparer
from workers.poll.gaps import AFTER, BEFORE
from workers.poll.poll import Poll, numbers
from workers.poll.webhook_check import WebhookProblem, problems

log = structlog.get_logger(__name__)

LEASE_MS = 10_000
# How often each kind should come to an end: a few times its schedule.
WITHIN_SECONDS = {"fresh": 600.0, "webhooks": 1800.0, "trailing": 3 * 3600.0, "contacts": 24 * 3600.0}
A_DAY = timedelta(days=1)
Comparison = Callable[[ComparisonCounts], Awaitable[object]]
"""Adds to these counts as it reads, so that an error loses none."""
# If the inbox lags by more than this, polls are skipped: what waits in the inbox would count as missing, a false alarm.
CATCH_UP_SECONDS = 30.0
BEHIND = f"the inbox lags by more than {CATCH_UP_SECONDS:.0f} s; it polls again when the inbox has caught up"
API_KEY = "api key"
PUSH_PATH = "push path"
WEBHOOKS = "webhooks"
ALARMS = (API_KEY, PUSH_PATH, WEBHOOKS, full_pass.ALARM)
"""Those that only a worker with a key of Kapso can end."""
LATE = (
    "{count} rows of the last hour came by polling, long after they should have been pushed. "
    "See: mirror webhooks check, and Kapso's delivery log."
)


@dataclass(frozen=True, slots=True)
class WantedWebhooks:
    """What our webhooks must be."""

    url: str | None
    secrets: Collection[str]


class KapsoWatch:
    def __init__(
        self,
        pool: Pool,
        redis: Redis,
        client: Client,
        *,
        shards: int,
        release: str,
        grace: timedelta,
        trailing: timedelta,
        wanted: WantedWebhooks,
        tombstones: Tombstones,
    ) -> None:
        self._pool = pool
        self._redis = redis
        self._client = client
        self._shards = shards
        self._trailing = trailing
        self._wanted = wanted
        self._spill = Spill(pool, limit_bytes=0)
        self._comparer = Comparer(pool, release=release, grace=grace, tombstones=tombstones)
        self._poll = Poll(pool, client, self._comparer)
        self._heartbeats = {
            kind: Heartbeat(redis, f"polling ({kind})", within=within) for kind, within in WITHIN_SECONDS.items()
        }

    async def poll(self) -> None:
        await self._run("fresh", self._fresh)

    async def trail(self) -> None:
        """Statuses of older messages: the API finds messages by when they were made."""
        await self._run("trailing", self._trail)

    async def contacts(self) -> None:
        await self._run("contacts", partial(full_pass.contacts, self._pool, self._client, self._comparer))

    async def repair(self, loss: Loss) -> int:
        """Read the window of a loss again; returns how many rows were missing. Raises KapsoError.

        Raises Rejected if Kapso refused a list of it: then the window was not read whole.
        """
        began = datetime.now(UTC)
        since, until = loss.since - BEFORE, loss.until + AFTER
        ours = await numbers(self._pool, self._client, Priority.REPAIR)
        found, error = ComparisonCounts(), "it was interrupted"
        try:
            await self._poll.window(ours, since, until, Priority.REPAIR, found=found)
            error = "; ".join(found.troubles)
        except KapsoError as trouble:
            error = str(trouble)
            raise
        finally:
            await reconcile.keep_run(
                self._pool, "loss", found, began_at=began, since=since, until=until, error=error or None
            )
        if found.refused:
            raise Rejected(error)
        return found.missing

    async def webhooks(self) -> None:
        # It writes no rows that a late delivery could be compared with, and a paused webhook may be why we are behind.
        await self._run("webhooks", self._check_webhooks, also_behind=True)

    async def _fresh(self, found: ComparisonCounts) -> None:
        now = datetime.now(UTC)
        ours = await numbers(self._pool, self._client, Priority.FRESH)
        await self._poll.fresh(ours, found)
        await self._poll.reread_gaps(ours, now, found)

    async def _trail(self, found: ComparisonCounts) -> None:
        now = datetime.now(UTC)
        ours = await numbers(self._pool, self._client, Priority.VERIFY)
        await self._poll.window(ours, now - self._trailing, now, Priority.VERIFY, only="messages", found=found)
        # A conversation ends a day after its last word, by which they are listed.
        since = now - self._trailing - A_DAY
        await self._poll.window(ours, since, now, Priority.VERIFY, only="conversations", found=found)
        # A run is listed by when it began, and may be handed over much later.
        await self._poll.window(ours, now - self._trailing, now, Priority.VERIFY, only="executions", found=found)

    async def _check_webhooks(self, found: ComparisonCounts) -> None:
        if self._wanted.url is None:
            await alarms.clear(self._pool, WEBHOOKS)
            return
        wrong = await webhook_problems(self._pool, self._client, self._wanted)
        what = "; ".join(problem.what for problem in wrong)
        await alarms.set_or_clear(self._pool, WEBHOOKS, what or None)
        found.checked, found.equal = 1, 0 if wrong else 1

    async def _run(self, kind: str, work: Comparison, *, also_behind: bool = False) -> None:
        async with Lease(self._redis, f"watch:{kind}", milliseconds=LEASE_MS).held() as ours:
            if not ours:
                return
            if not also_behind and await self._is_behind():
                log.info("polling waits until the inbox has caught up", kind=kind)
                self._heartbeats[kind].waits(BEHIND)
                return
            await self._keep(kind, work)

    async def _keep(self, kind: str, work: Comparison) -> None:
        begun, found, error = datetime.now(UTC), ComparisonCounts(), None
        try:
            await work(found)
        except KapsoRefused as refused:
            error = str(refused)
            await alarms.sound(self._pool, API_KEY, f"Kapso {refused}. Nothing is polled until it is right.")
        except KapsoError as trouble:
            error = str(trouble)
            log.warning("a request to kapso failed, the rest of this comparison is skipped", kind=kind, error=error)
        else:
            await alarms.clear(self._pool, API_KEY)
        error = error or "; ".join(found.troubles) or None
        await reconcile.keep_run(self._pool, kind, found, began_at=begun, error=error)
        if error:
            self._heartbeats[kind].waits(f"kapso: {error}")
        else:
            self._heartbeats[kind].beat()
        late = await reconcile.late_lately(self._pool)
        await alarms.set_or_clear(self._pool, PUSH_PATH, LATE.format(count=late) if late else None)
        log.info("compared with kapso", kind=kind, checked=found.checked, missing=found.missing,
                 repaired=sum(found.repaired.values()), late=found.late, error=error)  # fmt: skip

    async def _is_behind(self) -> bool:
        stream, spilled = await inbox.waiting(self._redis, self._shards), await self._spill.waiting()
        return max(stream.oldest_seconds, spilled.oldest_seconds) > CATCH_UP_SECONDS


async def webhook_problems(pool: Pool, client: Client, wanted: WantedWebhooks) -> list[WebhookProblem]:
    """Of every number and of the project."""
    url = wanted.url or ""
    found: list[WebhookProblem] = []
    for number in (None, *await numbers(pool, client, Priority.FRESH)):
        found += problems(await client.webhooks(number, Priority.FRESH), number, url=url, secrets=wanted.secrets)
    return found
