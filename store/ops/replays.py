"""Replays that people asked for, and how far they have come. Erasing changes their results too."""

from datetime import datetime
from typing import Any, NamedTuple

import orjson

from store.ops.dead_letters import LetterQuery
from store.postgres import Pool, statement


class ReplayRecord(NamedTuple):
    """`planned` and `done` count dead letters or deliveries; applied, unchanged, ignored and failed count events."""

    id: int
    kind: str
    filter: dict[str, Any]
    go: bool
    """False for a plan: what would become of each, nothing is changed."""
    per_second: float
    state: str
    asked_by: str
    asked_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    planned: int
    done: int
    applied: int
    unchanged: int
    ignored: int
    failed: int
    cancel_asked_by: str | None
    error: str | None

    @property
    def wanted(self) -> LetterQuery:
        """Of dead letters."""
        known = {name: value for name, value in self.filter.items() if name in LetterQuery._fields}
        since = known.get("since")
        return LetterQuery(**known | {"since": datetime.fromisoformat(since) if since else None})


class Counts(NamedTuple):
    """How far it has come."""

    done: int = 0
    applied: int = 0
    unchanged: int = 0
    ignored: int = 0
    failed: int = 0


async def ask(pool: Pool, wanted: LetterQuery, *, by: str, planned: int, go: bool, per_second: float) -> int:
    """A worker will take it up. Returns its id."""
    plain = {name: value for name, value in wanted._asdict().items() if value is not None and name != "names"}
    return int(await pool.fetchval(statement("ask_replay"), by, _json(plain), planned, go, per_second))


async def begin(pool: Pool, *, by: str, kind: str, wanted: dict[str, Any], planned: int) -> int:
    """One that the caller runs; recorded before the first event moves. Returns its id."""
    return int(await pool.fetchval(statement("begin_replay"), by, kind, _json(wanted), planned))


async def take(pool: Pool) -> ReplayRecord | None:
    """The next one that waits, or whose worker has died: the caller's now."""
    row = await pool.fetchrow(statement("take_replay"))
    return _replay(row) if row else None


async def tell(pool: Pool, id: int, counts: Counts) -> bool:
    """How far it has come; False when somebody wants it to end."""
    return bool(await pool.fetchval(statement("tell_replay"), id, *counts))


async def end(pool: Pool, id: int, counts: Counts, *, state: str, error: str | None = None) -> None:
    await pool.execute(statement("end_replay"), id, *counts, state, error)


async def cancel(pool: Pool, id: int, *, by: str) -> bool:
    """False when it is over already, or when a console runs it: end it there."""
    return await pool.fetchval(statement("cancel_replay"), id, by) is not None


async def read(pool: Pool, id: int) -> ReplayRecord | None:
    row = await pool.fetchrow(statement("replays"), id, 1)
    return _replay(row) if row else None


async def newest(pool: Pool, *, limit: int = 50) -> list[ReplayRecord]:
    """Newest first."""
    return [_replay(row) for row in await pool.fetch(statement("replays"), None, limit)]


def _replay(row: Any) -> ReplayRecord:
    return ReplayRecord(**{**row, "filter": orjson.loads(row["filter"])})


def _json(plain: dict[str, Any]) -> str:
    return orjson.dumps(plain, default=str).decode()
