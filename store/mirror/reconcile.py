"""What comparing with Kapso found. Writes `reconcile_runs` and `vanished_contacts`; reads what there is to compare."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import asyncpg
import orjson

from store.postgres import Pool, statement


@dataclass(slots=True)
class ComparisonCounts:
    """Counts of rows. `late` are those of the missing and repaired that pushing should have brought long before."""

    checked: int = 0
    equal: int = 0
    missing: int = 0
    repaired: Counter[str] = field(default_factory=Counter)
    extra: int = 0
    late: int = 0
    refused: int = 0
    """Lists that Kapso has, but refused to give."""
    troubles: list[str] = field(default_factory=list)
    """What could not be asked; the rest was."""

    def add(self, other: "ComparisonCounts") -> None:
        self.checked += other.checked
        self.equal += other.equal
        self.missing += other.missing
        self.repaired += other.repaired
        self.extra += other.extra
        self.late += other.late
        self.refused += other.refused
        self.troubles += other.troubles


class LastRun(NamedTuple):
    """Of one kind: the newest run, and sums over the runs of the last day."""

    kind: str
    ended_at: datetime
    checked: int
    error: str | None
    missing: int
    late: int
    repaired: int
    failing_seconds: float
    """Since the last run without an error, or since the first of the day; 0 if the newest has none."""


async def keep_run(
    pool: Pool,
    kind: str,
    found: ComparisonCounts,
    *,
    began_at: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    error: str | None = None,
) -> None:
    repaired = orjson.dumps(dict(found.repaired)).decode()
    await pool.execute(statement("insert_run"), kind, began_at, since, until, found.checked, found.equal,
                       found.missing, repaired, found.extra, found.late, error)  # fmt: skip


async def last_runs(pool: Pool) -> list[LastRun]:
    return [LastRun(*row) for row in await pool.fetch(statement("last_runs"))]


async def prune_findings(pool: Pool, before: datetime) -> None:
    await pool.execute(statement("prune_findings"), before)


async def phone_number_ids(pool: Pool) -> list[str]:
    return [row["id"] for row in await pool.fetch(statement("phone_number_ids"))]


async def workflow_ids(pool: Pool, most: int) -> list[str]:
    return [row["id"] for row in await pool.fetch(statement("workflow_ids"), most)]


async def known_names(pool: Pool, names: Sequence[str]) -> set[str]:
    return {row["name"] for row in await pool.fetch(statement("known_names"), list(names))}


async def kapso_contacts(pool: Pool, met_before: datetime) -> set[str]:
    """Kapso's ids of contacts."""
    return {row["id"] for row in await pool.fetch(statement("kapso_contacts"), met_before)}


async def flag_vanished(pool: Pool, ids: Sequence[str]) -> None:
    await pool.execute(statement("flag_vanished"), list(ids))


async def vanished(pool: Pool) -> int:
    return int(await pool.fetchval(statement("vanished")))


async def orphans(pool: Pool, *, most: int) -> int:
    """Rows of the last two days whose contact or conversation is not there, counted up to `most`."""
    return int(await pool.fetchval(statement("orphans"), most))


async def late_lately(pool: Pool) -> int:
    """Rows of the last hour that pushing should have brought and did not."""
    return int(await pool.fetchval(statement("late_lately")))


async def last_received_at(pool: Pool) -> datetime:
    """When Kapso last delivered something; when the mirror began, if never."""
    at: datetime = await pool.fetchval(statement("last_received"))
    return at


async def runs(pool: Pool, *, before: int | None = None, limit: int = 50) -> list[asyncpg.Record]:
    """Rows of reconcile_runs, newest first; go on with the last one's id as `before`."""
    return list(await pool.fetch(statement("reconcile_runs"), before, limit))
