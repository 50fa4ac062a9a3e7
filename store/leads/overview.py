"""Aggregates for managers: this period against the one before, the funnel, who waits, and what AI changed today."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import asyncpg

from domain.lead import OPEN_STATUSES
from store.leads.leads import plain
from store.postgres import Pool, statement

RANGES: Final = (7, 30, 90)
WEEKS: Final = 8
LONGEST_LIST: Final = 8
FEED: Final = 30
FILLED: Final = timedelta(days=2 * max(RANGES) + 1)
FILLED_AT_ONCE: Final = 5000
# In the order of the columns of overview_waiting.
AGES: Final = ("under an hour", "1 to 4 hours", "4 to 24 hours", "1 to 7 days", "over a week")


@dataclass(frozen=True, slots=True)
class OverviewFilter:
    """The last `days` up to `now` (UTC). `city` (in any case), `owner` and `origin` filter; None does not."""

    now: datetime
    days: int = 7
    city: str | None = None
    owner: str | None = None
    origin: str | None = None
    """As lead_list.came_from names it."""

    @property
    def since(self) -> datetime:
        return self.now - timedelta(days=self.days)

    @property
    def before(self) -> datetime:
        """The begin of the period of the same length before this one."""
        return self.since - timedelta(days=self.days)


class Figures(NamedTuple):
    """Of the leads created in a period. `first_reply_seconds` is the median; None if no lead was answered.

    `unanswered` leads wrote more than a day ago and have no answer; `lost_value` is their value times odds.
    """

    new: int
    converted: int
    replied: int
    first_reply_seconds: float | None
    unanswered: int
    lost_value: float

    @property
    def conversion(self) -> float | None:
        """From 0 to 1; None without leads."""
        return self.converted / self.new if self.new else None


class OwnerRow(NamedTuple):
    """`open` and `waiting` are as of now; `converted` in the period; the rest is of the leads created in the period."""

    owner: str
    open: int
    waiting: int
    new: int
    replied: int
    first_reply_seconds: float | None
    converted: int


class AiToday(NamedTuple):
    """Since midnight in the viewer's time zone. `changes`: the newest rows of lead_changes, with `who` and `stands`.

    `read` counts the chats of all leads: nothing says which ones a pass read.
    """

    read: int
    changed: int
    leads: int
    changes: Sequence[Mapping[str, Any]]


class Overview(NamedTuple):
    """The lists hold rows of the statements in overview.sql, in their order."""

    now: Figures
    before: Figures
    expected_value: float
    leads_with_value: int
    funnel: Sequence[asyncpg.Record]
    weeks: Sequence[asyncpg.Record]
    cities: Sequence[asyncpg.Record]
    origins: Sequence[asyncpg.Record]
    owners: Sequence[OwnerRow]
    waiting: Sequence[int]
    """The number of waiting leads for each of AGES."""
    pains: Sequence[asyncpg.Record]
    objections: Sequence[asyncpg.Record]


async def overview(pool: Pool, asked: OverviewFilter, zone: ZoneInfo) -> Overview:
    """Read on two connections at once, and no more: a page must not take the pool from the others."""
    whose, is_open = (asked.city, asked.owner, asked.origin), list(OPEN_STATUSES)
    cohort, before = (asked.since, asked.now, *whose), (asked.before, asked.since, *whose)
    of_period, of_now = await asyncio.gather(
        _read(pool, {
            "now": ("overview_replies", *cohort),
            "before": ("overview_replies", *before),
            "funnel": ("overview_funnel", *cohort),
            "words": ("overview_words", *cohort, LONGEST_LIST),
            "cities": ("overview_cities", *cohort, LONGEST_LIST),
            "origins": ("overview_origins", *cohort, LONGEST_LIST),
        }),
        _read(pool, {
            "waiting": ("overview_waiting", *whose, is_open),
            "value": ("overview_value", *whose, is_open),
            "weeks": ("overview_weeks", asked.now - timedelta(weeks=WEEKS), zone.key, *whose),
            "owners": ("overview_owners", *cohort, is_open),
        }),
    )  # fmt: skip
    (value,), (waiting,) = of_now["value"], of_now["waiting"]
    return Overview(
        now=_figures(of_period["now"]),
        before=_figures(of_period["before"]),
        expected_value=float(value["expected"]),
        leads_with_value=value["leads"],
        funnel=of_period["funnel"],
        weeks=of_now["weeks"],
        cities=of_period["cities"],
        origins=of_period["origins"],
        owners=_owners(of_now["owners"], of_period["now"]),
        waiting=list(waiting.values()),
        pains=[row for row in of_period["words"] if row["field"] == "pain_points"],
        objections=[row for row in of_period["words"] if row["field"] == "objection_raised"],
    )


async def _read(pool: Pool, asked: Mapping[str, tuple[Any, ...]]) -> dict[str, list[asyncpg.Record]]:
    """Run statements one after the other on one connection. Each is (its name, its arguments …)."""
    async with pool.acquire() as connection:
        return {name: list(await connection.fetch(statement(of), *given)) for name, (of, *given) in asked.items()}


def _figures(replies: Sequence[asyncpg.Record]) -> Figures:
    """Return the figures of all owners together."""
    row = next(row for row in replies if row["is_all"])
    values = {name: row[name] for name in Figures._fields}
    return Figures(**values | {"lost_value": float(row["lost_value"])})


def _owners(rows: Sequence[asyncpg.Record], replies: Sequence[asyncpg.Record]) -> list[OwnerRow]:
    """Join the rows of both statements. Owners without new leads in the period are in `rows` only."""
    of = {row["owner"]: row for row in replies if not row["is_all"]}
    return [OwnerRow(**row, **_replied(of.get(row["owner"]))) for row in rows]


def _replied(row: asyncpg.Record | None) -> dict[str, Any]:
    if row is None:
        return {"new": 0, "replied": 0, "first_reply_seconds": None}
    return {name: row[name] for name in ("new", "replied", "first_reply_seconds")}


async def fill_reply_times(pool: Pool, now: datetime) -> int:
    """Compute first replies for leads of the two longest periods whose messages changed. Returns how many."""
    filled, count = 0, FILLED_AT_ONCE
    while count == FILLED_AT_ONCE:
        count = await pool.fetchval(statement("fill_reply_times"), now - FILLED, FILLED_AT_ONCE)
        filled += count
    return filled


async def ai_today(pool: Pool, fields: Sequence[str], zone: ZoneInfo, asked: OverviewFilter) -> AiToday:
    """Count changes of `fields` by AI, and list the newest FEED of them. `asked.days` does not matter."""
    midnight = asked.now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    of = (midnight, list(fields), asked.city, asked.owner, asked.origin)
    counts = await pool.fetchrow(statement("overview_ai_counts"), *of)
    read = await pool.fetchval(statement("overview_ai_read"), midnight)
    rows = await pool.fetch(statement("overview_ai_changes"), *of, FEED)
    changes = [dict(row) | {"old": plain(row["old"]), "new": plain(row["new"])} for row in rows]
    return AiToday(read, counts["changes"], counts["leads"], changes)
