"""The jobs that ask Kapso: poll, compare, look after the webhooks. Each is done by one worker at a time, and kept."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from redis.asyncio import Redis

from kapso.client import Client, KapsoError, Priority, Refused
from store import alarms, inbox, reconcile
from store.lease import Lease
from store.postgres import Pool
from store.reconcile import Found
from store.spill import Spill
from store.tombstones import Tombstones
from workers import full_pass
from workers.compare import Comparer
from workers.poll import Poll, numbers
from workers.webhook_check import Problem, problems

log = structlog.get_logger(__name__)

LEASE_MS = 10_000
A_DAY = timedelta(days=1)
# Behind by more than this, the inbox knows more than a poll could tell; it would only raise false alarms.
CATCH_UP_SECONDS = 30.0
API_KEY = "api key"
PUSH_PATH = "push path"
WEBHOOKS = "webhooks"
LATE = (
    "{count} rows of the last hour came by polling, long after they should have been pushed. "
    "See: mirror webhooks check, and Kapso's delivery log."
)


@dataclass(frozen=True, slots=True)
class Wanted:
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
        wanted: Wanted,
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

    async def poll(self) -> None:
        await self._run("fresh", self._fresh)

    async def trail(self) -> None:
        """Statuses of older messages: the API finds messages by when they were made."""
        await self._run("trailing", self._trail)

    async def contacts(self) -> None:
        await self._run("contacts", lambda: full_pass.contacts(self._pool, self._client, self._comparer))

    async def webhooks(self) -> None:
        await self._run("webhooks", self._check_webhooks)

    async def _fresh(self) -> Found:
        now = datetime.now(UTC)
        ours = await numbers(self._pool, self._client, Priority.FRESH)
        found = await self._poll.fresh(ours)
        found.add(await self._poll.lost(ours, now))
        return found

    async def _trail(self) -> Found:
        now = datetime.now(UTC)
        ours = await numbers(self._pool, self._client, Priority.VERIFY)
        found = await self._poll.window(ours, now - self._trailing, now, Priority.VERIFY, only="messages")
        # A conversation ends a day after its last word, by which they are listed.
        since = now - self._trailing - A_DAY
        found.add(await self._poll.window(ours, since, now, Priority.VERIFY, only="conversations"))
        # A run is listed by when it began, and may be handed over much later.
        found.add(await self._poll.window(ours, now - self._trailing, now, Priority.VERIFY, only="executions"))
        return found

    async def _check_webhooks(self) -> Found:
        if self._wanted.url is None:
            return Found()
        wrong = await webhook_problems(self._pool, self._client, self._wanted)
        what = "; ".join(problem.what for problem in wrong)
        await alarms.stand(self._pool, WEBHOOKS, what or None)
        return Found(checked=1, equal=0 if wrong else 1)

    async def _run(self, kind: str, work: Callable[[], Awaitable[Found]]) -> None:
        async with Lease(self._redis, f"watch:{kind}", milliseconds=LEASE_MS).held() as ours:
            if not ours:
                return
            if await self._is_behind():
                log.info("polling waits until the inbox has caught up", kind=kind)
                return
            await self._keep(kind, work)

    async def _keep(self, kind: str, work: Callable[[], Awaitable[Found]]) -> None:
        begun, found, error = datetime.now(UTC), Found(), None
        try:
            found = await work()
        except Refused as refused:
            error = str(refused)
            await alarms.sound(self._pool, API_KEY, f"Kapso {refused}. Nothing is polled until it is right.")
        except KapsoError as trouble:
            error = str(trouble)
            log.warning("kapso can't be asked, going on without", kind=kind, error=error)
        else:
            await alarms.clear(self._pool, API_KEY)
        error = error or "; ".join(found.troubles) or None
        await reconcile.keep_run(self._pool, kind, found, began_at=begun, error=error)
        late = await reconcile.late_lately(self._pool)
        await alarms.stand(self._pool, PUSH_PATH, LATE.format(count=late) if late else None)
        log.info("compared with kapso", kind=kind, checked=found.checked, missing=found.missing,
                 repaired=sum(found.repaired.values()), late=found.late, error=error)  # fmt: skip

    async def _is_behind(self) -> bool:
        stream, spilled = await inbox.waiting(self._redis, self._shards), await self._spill.waiting()
        return max(stream.oldest_seconds, spilled.oldest_seconds) > CATCH_UP_SECONDS


async def webhook_problems(pool: Pool, client: Client, wanted: Wanted) -> list[Problem]:
    """Of every number and of the project."""
    url = wanted.url or ""
    found: list[Problem] = []
    for number in (None, *await numbers(pool, client, Priority.FRESH)):
        found += problems(await client.webhooks(number, Priority.FRESH), number, url=url, secrets=wanted.secrets)
    return found
