"""How the mirror is doing, from both stores; either may be away."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import RedisError

from store.inbox import inbox
from store.inbox.inbox import Waiting
from store.inbox.spill import Spill
from store.media import files as media
from store.mirror import reconcile
from store.mirror.reconcile import LastRun
from store.ops import alarms, budget, heartbeats
from store.ops.alarms import Alarm
from store.ops.concerns import concerns
from store.ops.heartbeats import Loop
from store.ops.waits import Wait, waits
from store.postgres import STORE_ERRORS, Pool, statement

# A drain tells of itself every second; a poll runs every minute.
DRAIN_DEAD_SECONDS = 15.0
LAG_LIMIT_SECONDS = 10.0
# They are read every minute at least.
CHATS_LATE_SECONDS = 300.0
# Polling runs every minute.
POLLS_FAILED_SECONDS = 180.0
# The status reports what it has read by then: a locked table must not hide the rest.
PATIENCE_SECONDS = 10.0
NOT_REMOVED = "{0} files of deleted messages are still in the archive: set MEDIA_ARCHIVE for the workers, or correct it"
UNFINISHED = "the erasure of contact {0}, begun {1:%Y-%m-%d %H:%M} UTC, is not finished: run mirror erase {0}"


class Remedy(NamedTuple):
    """What a page can do about a problem: show the failed events, or end the session with the pid `of`."""

    kind: Literal["letters", "session"]
    of: int | None = None


class Trouble(NamedTuple):
    """What needs a person, in a sentence."""

    text: str
    remedy: Remedy | None = None


class OpenLetters(NamedTuple):
    """Open dead letters of one kind."""

    kind: str
    open: int
    oldest_seconds: float
    newest: str


class DrainSeen(NamedTuple):
    shard: int
    seen_seconds: float
    complete_to: datetime
    kapso_seconds: float | None


class Chats(NamedTuple):
    """The last pass over chats (None before the first), and how many leads there are of which kind."""

    began_seconds: float | None
    due: int | None
    read: int | None
    changed: int | None
    error: str | None
    model_per_minute: int | None
    """The most chats that the model reads in a minute; None without a model."""
    for_model: int
    for_model_seconds: float | None
    """Chats that wait for the model, and since when the longest does."""
    tokens_today: int
    leads: int
    hot: int
    warm: int
    known: int
    """Of whom at least a name, a trade or a city is known."""


class UnrecognizedFact(NamedTuple):
    """A name of facts that the bot keeps and no field can hold, and how many readings of chats met it."""

    name: str
    readings: int


SHOWN_FACTS = 10
# So many are what the documents reckon with.
MANY_LEADS = 50_000


@dataclass(slots=True)
class MirrorStatus:
    """Since some moment, `received` counts pushed deliveries, also those that wait; `applied`, `ignored` and `dead`
    count events of all sources. Rate and freshness are of the last minute. Times are UTC, freshness is in ms.

    What a store that is away would have said is None or empty; `concerns` says that it is away.
    """

    stream: Waiting | None = None
    spill: Waiting | None = None
    received: int | None = None
    postgres_answers: bool = False
    """Whether it answered a first, short query. The longer ones may still have failed."""
    applied: int | None = None
    ignored: int | None = None
    dead: int | None = None
    dropped: int | None = None
    """Odd optional values that were left out; their events were kept."""
    without_contact: int | None = None
    """Messages of nobody, ever: a status whose message never came, or a message that named no person."""
    number_errors: list[str] = field(default_factory=list)
    """Business numbers of which WhatsApp named an error in the last hour, with its title."""
    per_second: float | None = None
    freshness_p50_ms: float | None = None
    freshness_p99_ms: float | None = None
    last_received_at: datetime | None = None
    last_settled_at: datetime | None = None
    verified_to: datetime | None = None
    drains: list[DrainSeen] = field(default_factory=list)
    letters: list[OpenLetters] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    runs: list[LastRun] = field(default_factory=list)
    concerns: list[str] = field(default_factory=list)
    budget_left: float | None = None
    chats: Chats | None = None
    unrecognized_facts: list[UnrecognizedFact] = field(default_factory=list)
    """The most frequent first."""
    loops: list[Loop] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)

    @property
    def review(self) -> list[str]:
        """What is no trouble, and for somebody to think about."""
        many = self.chats is not None and self.chats.leads > MANY_LEADS
        return [f"more than {MANY_LEADS:,} leads: docs/scale.md says what to look at again"] if many else []

    @property
    def waiting(self) -> int:
        return sum(one.deliveries for one in (self.stream, self.spill) if one)

    @property
    def oldest_seconds(self) -> float:
        return round(max((one.oldest_seconds for one in (self.stream, self.spill) if one), default=0.0), 3)

    @property
    def problems(self) -> list[str]:
        """What needs a person, a sentence each."""
        return [one.text for one in self.troubles]

    @property
    def troubles(self) -> list[Trouble]:
        """The problems, with what can be done about them."""
        found = [Trouble(wait.text, Remedy("session", wait.pid) if wait.pid else None) for wait in self.waits]
        found += [Trouble(text) for text in (*self.concerns, *(alarm.what for alarm in self.alarms), *self._late())]
        if count := sum(letters.open for letters in self.letters):
            found.append(Trouble(f"{count} dead letters are open: mirror dead-letters groups", Remedy("letters")))
        return found

    @property
    def _why(self) -> str:
        """Why deliveries wait, as far as it shows."""
        alive = {drain.shard for drain in self.drains if drain.seen_seconds <= DRAIN_DEAD_SECONDS}
        if not alive:
            return "is a worker up?"
        if left := set(self.stream.streams if self.stream else ()) - alive:
            names = ", ".join(map(str, sorted(left)))
            return f"no worker drains stream {names}. Set the same INBOX_SHARDS for web and workers, and restart them"
        return "the workers run, and wait or are behind: the loops and their logs say for what"

    def _late(self) -> list[str]:
        """What is later than it should be, or stands still."""
        found = []
        if self.oldest_seconds > LAG_LIMIT_SECONDS:
            found.append(f"{self.waiting} deliveries wait, the oldest for {self.oldest_seconds:.0f} s: {self._why}")
        stuck = [loop for loop in self.loops if loop.is_stuck]
        found += [loop.problem for loop in stuck]
        found += [
            f"the drain of stream {drain.shard} was last seen {drain.seen_seconds:.0f} s ago: is a worker running?"
            for drain in self.drains
            if drain.seen_seconds > DRAIN_DEAD_SECONDS and f"drain {drain.shard}" not in {loop.name for loop in stuck}
        ]
        if self.received is not None and not self.drains:
            found.append("no drain has ever reported: start a worker (python -m workers)")
        if self.chats and (self.chats.began_seconds or 0) > CHATS_LATE_SECONDS:
            minutes = (self.chats.began_seconds or 0) / 60
            found.append(f"chats were last read {minutes:.0f} minutes ago: is a worker running? its log says more")
        found += [
            f"polling Kapso ({run.kind}) has failed for {run.failing_seconds / 60:.0f} minutes: {run.error}. Check"
            " KAPSO_API_URL and KAPSO_API_KEY"
            for run in self.runs
            if run.failing_seconds > POLLS_FAILED_SECONDS
        ]
        found += [f"WhatsApp names an error of number {error}" for error in self.number_errors]
        return found


async def status(pool: Pool, redis: Redis, shards: int, since: datetime) -> MirrorStatus:
    """Reads the deliveries since then, so the longer ago the slower. Never raises for a store that is away, and never
    waits long for one that is locked."""
    found = MirrorStatus(concerns=await concerns(pool, redis))
    try:
        found.stream = await inbox.waiting(redis, shards)
        found.budget_left = await budget.left(redis)
        found.loops = await heartbeats.loops(redis)
    except (RedisError, OSError) as error:
        found.stream = None
        if not any(concern.startswith("redis does not answer") for concern in found.concerns):
            found.concerns.append(
                f"reading the status from redis failed ({type(error).__name__}): check the keys inbox:*"
            )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await _of_postgres(found, pool, since)
    except STORE_ERRORS as error:
        found.concerns.append(f"reading the status from postgres failed ({type(error).__name__})")
    if found.received is not None:
        found.received += found.waiting
    return found


async def _of_postgres(found: MirrorStatus, pool: Pool, since: datetime) -> None:
    """What others wait for comes first, what reads the largest tables last."""
    found.waits = await waits(pool)
    found.postgres_answers = True
    row = await pool.fetchrow(statement("status"), since)
    p50, p99 = row["freshness_ms"] or (None, None)
    found.applied, found.ignored, found.dead = row["applied"], row["ignored"], row["dead"]
    found.dropped = row["dropped"]
    found.per_second = round(row["last_minute"] / 60, 1)
    found.freshness_p50_ms = None if p50 is None else round(p50, 1)
    found.freshness_p99_ms = None if p99 is None else round(p99, 1)
    found.last_received_at, found.last_settled_at = row["last_received_at"], row["last_settled_at"]
    found.spill = await Spill(pool, limit_bytes=0).waiting()
    found.drains = [DrainSeen(*drain) for drain in await pool.fetch(statement("drains"))]
    found.letters = [OpenLetters(*letters) for letters in await pool.fetch(statement("open_letters"))]
    found.alarms = await alarms.standing(pool)
    found.runs = await reconcile.last_runs(pool)
    found.verified_to = await pool.fetchval(statement("verified_to"))
    found.chats = Chats(*(await pool.fetchrow(statement("chats_status"))))
    found.unrecognized_facts = [
        UnrecognizedFact(*fact) for fact in await pool.fetch(statement("unrecognized_facts"), SHOWN_FACTS)
    ]
    found.received = row["settled"]
    if overdue := await media.overdue(pool):
        found.concerns.append(NOT_REMOVED.format(overdue))
    found.concerns += [UNFINISHED.format(*begun) for begun in await pool.fetch(statement("erasures_begun"))]
    odd = await pool.fetchrow(statement("oddities"))
    found.without_contact, found.number_errors = odd["without_contact"], odd["number_errors"] or []
