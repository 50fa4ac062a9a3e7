"""Lists of leads: a page, counts, and all of it for an export. One filter acts on each of them alike."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple, TypeAlias
from uuid import UUID

import asyncpg
import orjson

from domain.lead_filter import LeadFilter
from store.postgres import NEVER, Pool, plain_pattern, statement

# A search that may contain a typo considers at most this many leads with similar spellings.
ALIKE = 50
# If a search finds fewer leads than this, it may contain a typo.
FEW = 3
BATCH = 1000
# A menu offers no more values than that.
MOST_CHOICES = 30
FACETS: Final = ("city", "trade", "owner", "tag")
Order: TypeAlias = Literal["newest", "oldest", "waiting", "priority"]
PAGES: Final = {
    "newest": "lead_page", "oldest": "lead_page_oldest", "waiting": "lead_page_waiting",
    "priority": "lead_page_priority",
}  # fmt: skip
# By what each list is ordered, before the contact id.
BY_RECENCY = ("recency", "received_rank")
PLACES: Final = {
    "newest": BY_RECENCY, "oldest": BY_RECENCY, "waiting": ("waiting_rank",), "priority": ("priority_rank",),
}  # fmt: skip


class ListCursor(NamedTuple):
    """Where a page ended: the next one goes on behind it. None of its parts is personal."""

    places: tuple[datetime | int, ...]
    """What the list is ordered by (PLACES)."""
    contact_id: UUID


class ListedLeads(NamedTuple):
    leads: list[asyncpg.Record]
    """Rows of the view lead_list, and `reads`: user id to when that user last read it (jsonb)."""
    next: ListCursor | None
    guessed: bool = False
    """Nothing was spelled like that: these are the most alike."""


async def page(
    pool: Pool, wanted: LeadFilter, *, after: ListCursor | None = None, limit: int = 50, order: Order = "newest"
) -> ListedLeads:
    """Newest message first, leads without a message last; or the reverse; or the longest waiting or the highest score
    first."""
    seen = (*after.places, after.contact_id) if after else (None,) * (len(PLACES[order]) + 1)
    rows = await pool.fetch(statement(PAGES[order]), *arguments(wanted), *seen, limit + 1)
    if len(rows) < min(FEW, limit + 1) and after is None and _may_be_mistyped(wanted.parts):
        return await _guessed(pool, wanted, rows, limit)
    shown = list(rows[:limit])
    return ListedLeads(shown, _cursor(shown[-1], order) if len(rows) > limit else None)


def _cursor(last: asyncpg.Record, order: Order) -> ListCursor:
    return ListCursor(tuple(_place(last[name]) for name in PLACES[order]), last["contact_id"])


def _place(value: datetime | int) -> datetime | int:
    """asyncpg returns the moment before all others without a time zone."""
    return NEVER if isinstance(value, datetime) and value.tzinfo is None else value


def _may_be_mistyped(parts: Sequence[str]) -> bool:
    """Return whether to try similar spellings: not for digits only, as a similar number belongs to somebody else."""
    return bool(parts) and not "".join(parts).isdigit()


async def _guessed(pool: Pool, wanted: LeadFilter, rows: Sequence[asyncpg.Record], limit: int) -> ListedLeads:
    alike = [row[0] for row in await pool.fetch(statement("leads_spelled_like"), " ".join(wanted.parts), ALIKE)]
    near = replace(wanted, parts=(), among=[id for id in alike if wanted.among is None or id in wanted.among])
    found = await pool.fetch(statement("lead_page"), *arguments(near), None, None, None, ALIKE)
    known = {row["id"] for row in rows}
    place = {id: at for at, id in enumerate(alike)}
    more = sorted((row for row in found if row["id"] not in known), key=lambda row: place[row["id"]])
    return ListedLeads([*rows, *more][:limit], None, guessed=bool(more) and not rows)


async def counts(pool: Pool, wanted: LeadFilter) -> dict[str, dict[str, int]]:
    """How many fit: `all`, and for status, temperature, phase and waiting how many each value would give.

    A facet's own choice does not narrow its counts, every other one does.
    """
    facets = {"status": wanted.status, "temperature": wanted.temperature, "phase": wanted.phase}
    free = replace(wanted, status=None, temperature=None, phase=None, awaiting_reply=None)
    rows = await pool.fetch(statement("lead_counts"), *arguments(free))
    chosen: dict[str, Sequence[object]] = {name: values for name, values in facets.items() if values}
    if wanted.awaiting_reply is not None:
        chosen["waiting"] = [wanted.awaiting_reply]
    return tally([dict(row) for row in rows], chosen)


class Choice(NamedTuple):
    """A value that a menu offers, and how many leads have it."""

    value: str
    leads: int


async def choices(pool: Pool, wanted: LeadFilter) -> dict[str, list[Choice]]:
    """The most frequent values of city, trade, owner and tag. What is chosen of one does not narrow its own values.

    Reads all that fits: for a menu that somebody opens, not for every page.
    """

    async def of(narrowed: LeadFilter) -> list[asyncpg.Record]:
        return list(await pool.fetch(statement("lead_choices"), *arguments(narrowed), MOST_CHOICES))

    rows = await of(wanted)
    found: dict[str, list[Choice]] = {}
    for facet in FACETS:
        free: dict[str, Any] = {facet: None}
        fitting = rows if getattr(wanted, facet) is None else await of(replace(wanted, **free))
        found[facet] = [Choice(row["value"], row["leads"]) for row in fitting if row["facet"] == facet]
    return found


async def owners(pool: Pool) -> list[str]:
    """Names of the users who can look after leads."""
    return [row["name"] for row in await pool.fetch(statement("lead_owners"))]


async def values(pool: Pool, wanted: LeadFilter) -> dict[str, asyncpg.Record]:
    """Status to how many `leads` stand there, and their `value` together (null where none is estimated)."""
    return {row["status"]: row for row in await pool.fetch(statement("lead_values"), *arguments(wanted))}


async def how_many(pool: Pool, wanted: LeadFilter, *, most: int) -> int:
    """How many fit, counted up to `most`."""
    return int(await pool.fetchval(statement("lead_how_many"), *arguments(wanted), most))


def tally(groups: Sequence[dict[str, object]], chosen: dict[str, Sequence[object]]) -> dict[str, dict[str, int]]:
    """Groups of (status, temperature, phase, waiting, leads) added up by facet (pure)."""
    found: dict[str, dict[str, int]] = {"all": {"all": 0}, "status": {}, "temperature": {}, "phase": {}, "waiting": {}}
    for group in groups:
        number = int(str(group["leads"]))
        misses = [name for name, values in chosen.items() if group[name] not in values]
        if not misses:
            found["all"]["all"] += number
        for name in ("status", "temperature", "phase", "waiting"):
            if not set(misses) - {name} and group[name] is not None:
                value = str(group[name]).lower() if name == "waiting" else str(group[name])
                found[name][value] = found[name].get(value, 0) + number
    return found


async def every(pool: Pool, wanted: LeadFilter) -> AsyncIterator[asyncpg.Record]:
    """All that fit now, newest message first. No connection is held while whoever asks is busy with a batch."""
    ids = [row["id"] for row in await pool.fetch(statement("lead_ids"), *arguments(wanted))]
    for start in range(0, len(ids), BATCH):
        for row in await pool.fetch(statement("lead_export"), ids[start : start + BATCH]):
            yield row


def arguments(wanted: LeadFilter) -> tuple[object, ...]:
    """In the order of the function matching_leads."""
    patterns = [f"%{plain_pattern(part)}%" for part in wanted.parts]
    return (
        _list(wanted.status), _list(wanted.temperature), _list(wanted.phase), wanted.city and wanted.city.lower(),
        wanted.awaiting_reply, wanted.least_score, wanted.most_score, wanted.since,
        max(patterns, key=len, default=None), patterns or None, _list(wanted.among),
        wanted.unread_by and wanted.unread_by.id,
        wanted.unread_by and wanted.unread_by.since,
        orjson.dumps(wanted.fields).decode() if wanted.fields else None,
        wanted.trade and wanted.trade.lower(), _list(wanted.owner), _list(wanted.tag), wanted.snoozed,
        wanted.created_since, wanted.origin, _list(wanted.also_tag),
    )  # fmt: skip


def _list(values: Sequence[object] | None) -> list[object] | None:
    return None if values is None else list(values)
