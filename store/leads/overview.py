"""What a manager wants to know at a glance: how this time compares with the one before, and where leads get lost."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import asyncpg

from store.leads.leads import plain
from store.postgres import Pool, statement

RANGES: Final = (7, 30, 90)
WEEKS: Final = 8
LONGEST_LIST: Final = 8
FEED: Final = 30
AGES: Final = ("under an hour", "1 to 4 hours", "4 to 24 hours", "1 to 7 days", "over a week")


@dataclass(frozen=True, slots=True)
class OverviewFilter:
    """The last `days`, up to `now`; of one city in any case, of one owner; None narrows nothing."""

    now: datetime
    days: int = 7
    city: str | None = None
    owner: str | None = None

    @property
    def since(self) -> datetime:
        return self.now - timedelta(days=self.days)

    @property
    def before(self) -> datetime:
        """Where the time of the same length begins that this one is compared with."""
        return self.since - timedelta(days=self.days)


class Figures(NamedTuple):
    """Of the leads that came in a time. `first_reply_seconds` is the median; None where nobody was answered."""

    new: int
    converted: int
    first_reply_seconds: float | None

    @property
    def conversion(self) -> float | None:
        """From 0 to 1; None where nobody came."""
        return self.converted / self.new if self.new else None


class AiToday(NamedTuple):
    """Since midnight of the viewer. `changes` are the newest, rows of lead_changes with `who` and `stands`."""

    read: int
    changed: int
    leads: int
    changes: Sequence[Mapping[str, Any]]


class Overview(NamedTuple):
    """All lists are rows as the statements return them, the largest first where they have no order of their own."""

    now: Figures
    before: Figures
    expected_value: float
    leads_with_value: int
    funnel: Sequence[asyncpg.Record]
    weeks: Sequence[asyncpg.Record]
    cities: Sequence[asyncpg.Record]
    sources: Sequence[asyncpg.Record]
    owners: Sequence[asyncpg.Record]
    waiting: Sequence[int]
    """How many wait, for each of AGES."""
    pains: Sequence[asyncpg.Record]
    objections: Sequence[asyncpg.Record]


async def overview(pool: Pool, asked: OverviewFilter, zone: ZoneInfo) -> Overview:
    """The statements run at once, on connections of their own."""
    now, city, owner = asked.now, asked.city, asked.owner
    came = (asked.since, now, city, owner)

    async def rows(name: str, *given: object) -> list[asyncpg.Record]:
        return list(await pool.fetch(statement(name), *given))

    figures, before, value, funnel, weeks, cities, sources, owners, waiting, words = await asyncio.gather(
        rows("overview_figures", *came),
        rows("overview_figures", asked.before, asked.since, city, owner),
        rows("overview_value", city, owner),
        rows("overview_funnel", *came),
        rows("overview_weeks", now - timedelta(weeks=WEEKS), zone.key, city, owner),
        rows("overview_cities", asked.since, now, owner, LONGEST_LIST),
        rows("overview_sources", *came, LONGEST_LIST),
        rows("overview_owners", asked.since, now, city),
        rows("overview_waiting", city, owner),
        rows("overview_words", *came, LONGEST_LIST),
    )
    counts = {row["age"]: row["leads"] for row in waiting}
    return Overview(
        Figures(*figures[0]), Figures(*before[0]), float(value[0]["expected"]), value[0]["leads"], funnel, weeks,
        cities, sources, owners, [counts.get(age, 0) for age in range(len(AGES))],
        [row for row in words if row["field"] == "pain_points"],
        [row for row in words if row["field"] == "objection_raised"],
    )  # fmt: skip


async def ai_today(pool: Pool, fields: Sequence[str], zone: ZoneInfo, now: datetime) -> AiToday:
    """`fields` are those whose changes are listed; all are counted."""
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    counts = await pool.fetchrow(statement("overview_ai_counts"), midnight)
    read = await pool.fetchval(statement("overview_ai_read"), midnight)
    rows = await pool.fetch(statement("overview_ai_changes"), midnight, list(fields), FEED)
    changes = [dict(row) | {"old": plain(row["old"]), "new": plain(row["new"])} for row in rows]
    return AiToday(read, counts["changes"], counts["leads"], changes)
