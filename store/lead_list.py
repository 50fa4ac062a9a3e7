"""Lists of leads: a page, counts, and all of it for an export. One filter acts on each of them alike."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Literal, NamedTuple, TypeAlias
from uuid import UUID

import asyncpg

from store.postgres import Pool, statement

# A typo is looked for among so many that are spelled most alike.
ALIKE = 50
# Below that many hits, one may have mistyped.
FEW = 3
BATCH = 1000
Order: TypeAlias = Literal["newest", "oldest", "priority"]
PAGES: Final = {"newest": "lead_page", "oldest": "lead_page_oldest", "priority": "lead_page_priority"}


class Reader(NamedTuple):
    """Who has read what: nothing that came in before `since` is new to them."""

    id: UUID
    since: datetime


@dataclass(frozen=True, slots=True)
class Filter:
    """Leads that fit all that is given; of several values any. `city` in any case; scores are inclusive."""

    status: Sequence[str] | None = None
    temperature: Sequence[str] | None = None
    phase: Sequence[str] | None = None
    city: str | None = None
    awaiting_reply: bool | None = None
    score: int | None = None
    most_score: int | None = None
    since: datetime | None = None
    """Last message not older than this."""
    parts: Sequence[str] = field(default=())
    """Pieces, in lower case, that all stand in a lead's names and numbers."""
    unread_by: Reader | None = None
    among: Sequence[UUID] | None = None

    def arguments(self) -> tuple[object, ...]:
        """In the order of the function matching_leads."""
        patterns = [f"%{plain_pattern(part)}%" for part in self.parts]
        return (
            _list(self.status), _list(self.temperature), _list(self.phase), self.city and self.city.lower(),
            self.awaiting_reply, self.score, self.most_score, self.since, max(patterns, key=len, default=None),
            patterns or None, _list(self.among), self.unread_by and self.unread_by.id,
            self.unread_by and self.unread_by.since,
        )  # fmt: skip


class Cursor(NamedTuple):
    """Where a page ended: the next one goes on behind it. None of its parts is personal."""

    place: datetime | int
    """What the list is ordered by: when the last message was, or the priority_rank."""
    contact_id: UUID


class Page(NamedTuple):
    leads: list[asyncpg.Record]
    """Rows of the view lead_list, and `reads`: user id to when that user last read it (jsonb)."""
    next: Cursor | None
    guessed: bool = False
    """Nothing was spelled like that: these are the most alike."""


async def page(
    pool: Pool, wanted: Filter, *, after: Cursor | None = None, limit: int = 50, order: Order = "newest"
) -> Page:
    """Newest message first, people who never wrote last; or the other way round; or the best score first."""
    rows = await pool.fetch(
        statement(PAGES[order]), *wanted.arguments(), after and after.place, after and after.contact_id, limit + 1
    )
    if len(rows) < min(FEW, limit + 1) and after is None and _may_be_mistyped(wanted.parts):
        return await _guessed(pool, wanted, rows, limit)
    shown = list(rows[:limit])
    by = "priority_rank" if order == "priority" else "recency"
    return Page(shown, Cursor(shown[-1][by], shown[-1]["contact_id"]) if len(rows) > limit else None)


def _may_be_mistyped(parts: Sequence[str]) -> bool:
    """Names are; a number that is nearly right is somebody else's."""
    return bool(parts) and not "".join(parts).isdigit()


async def _guessed(pool: Pool, wanted: Filter, rows: Sequence[asyncpg.Record], limit: int) -> Page:
    alike = [row[0] for row in await pool.fetch(statement("leads_spelled_like"), " ".join(wanted.parts), ALIKE)]
    near = replace(wanted, parts=(), among=alike)
    found = await pool.fetch(statement("lead_page"), *near.arguments(), None, None, ALIKE)
    known = {row["id"] for row in rows}
    place = {id: at for at, id in enumerate(alike)}
    more = sorted((row for row in found if row["id"] not in known), key=lambda row: place[row["id"]])
    return Page([*rows, *more][:limit], None, guessed=bool(more) and not rows)


async def counts(pool: Pool, wanted: Filter) -> dict[str, dict[str, int]]:
    """How many fit: `all`, and for status, temperature, phase and waiting how many each value would give.

    A facet's own choice does not narrow its counts, every other one does.
    """
    facets = {"status": wanted.status, "temperature": wanted.temperature, "phase": wanted.phase}
    free = replace(wanted, status=None, temperature=None, phase=None, awaiting_reply=None)
    rows = await pool.fetch(statement("lead_counts"), *free.arguments())
    chosen: dict[str, Sequence[object]] = {name: values for name, values in facets.items() if values}
    if wanted.awaiting_reply is not None:
        chosen["waiting"] = [wanted.awaiting_reply]
    return tally([dict(row) for row in rows], chosen)


async def how_many(pool: Pool, wanted: Filter, *, most: int) -> int:
    """How many fit, counted up to `most`."""
    return int(await pool.fetchval(statement("lead_how_many"), *wanted.arguments(), most))


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


async def every(pool: Pool, wanted: Filter) -> AsyncIterator[asyncpg.Record]:
    """All that fit now, newest message first. No connection is held while whoever asks is busy with a batch."""
    ids = [row["id"] for row in await pool.fetch(statement("lead_ids"), *wanted.arguments())]
    for start in range(0, len(ids), BATCH):
        for row in await pool.fetch(statement("lead_export"), ids[start : start + BATCH]):
            yield row


def plain_pattern(part: str) -> str:
    """LIKE's own signs stand for themselves."""
    return part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _list(values: Sequence[object] | None) -> list[object] | None:
    return None if values is None else list(values)
