"""Who looked at whom. Noted in memory and written about once a second, off the way of whoever looks."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg
import orjson
import structlog

from store.postgres import STORE_ERRORS, Pool, columns, statement

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 1.0
MOST_IDS: Final = 50
MOST_WAITING: Final = 10_000
# A list that stays open asks again and again.
AGAIN_SECONDS: Final = 600.0
WORDS: Final = ("q", "query")
"""Filters that hold what somebody typed: names and numbers, of which only the length is kept."""
LONGEST: Final = 200


class Look(NamedTuple):
    at: datetime
    actor: str
    action: str
    filter: str
    """JSON, without the words of a search."""
    shown: int
    lead_ids: str | None
    """Whom they saw, as a JSON list; None where they were more than MOST_IDS."""


class SeenLately(NamedTuple):
    """Whom a page that stays open has shown since `at`, a monotonic time."""

    at: float
    leads: set[UUID]


class AccessLog:
    """One for a process; `run` it beside whatever notes."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._noted: deque[Look] = deque(maxlen=MOST_WAITING)
        self._seen: dict[tuple[str, str, str], SeenLately] = {}

    def note(
        self, actor: str, action: str, asked: Mapping[str, object], leads: Sequence[UUID], *, live: bool = False
    ) -> None:
        """list, search or read. With `live`, whom the same page showed within ten minutes is not noted again."""
        said = orjson.dumps(_plain(asked), default=str, option=orjson.OPT_SORT_KEYS).decode()
        shown = self._new((actor, action, said), leads) if live else leads
        if shown is None:
            return
        if len(self._noted) == MOST_WAITING:
            log.error("the access log can't be written: the oldest looks are lost", waiting=MOST_WAITING)
        ids = orjson.dumps([str(id) for id in shown]).decode() if len(shown) <= MOST_IDS else None
        self._noted.append(Look(datetime.now(UTC), actor, action, said, len(shown), ids))

    def _new(self, page: tuple[str, str, str], leads: Sequence[UUID]) -> Sequence[UUID] | None:
        """Whom this page has not shown lately; None where there is nothing to note."""
        now = time.monotonic()
        seen = self._seen.get(page)
        if seen is None or now - seen.at >= AGAIN_SECONDS:
            self._seen = {one: lately for one, lately in self._seen.items() if now - lately.at < AGAIN_SECONDS}
            self._seen[page] = SeenLately(now, set(leads))
            return leads
        new = [id for id in leads if id not in seen.leads]
        seen.leads.update(new)
        return new or None

    async def write(self) -> None:
        """What was noted. Raises what Postgres raises; nothing is lost then."""
        some = list(self._noted)
        if not some:
            return
        self._noted.clear()
        try:
            await self._pool.execute(statement("insert_looks"), *columns(some, 6))
        except BaseException:
            room = MOST_WAITING - len(self._noted)
            self._noted.extendleft(reversed(some[len(some) - min(room, len(some)) :]))
            raise

    async def run(self) -> None:
        """As long as the task lives."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            with suppress(*STORE_ERRORS):
                await self.write()

    async def close(self) -> None:
        with suppress(*STORE_ERRORS):
            await self.write()


async def newest(pool: Pool, *, limit: int) -> list[asyncpg.Record]:
    """at, actor, action, filter, shown, lead_id; the newest first."""
    return list(await pool.fetch(statement("newest_looks"), limit))


async def prune(pool: Pool, before: datetime) -> None:
    await pool.execute(statement("prune_looks"), before)


def _plain(asked: Mapping[str, object]) -> dict[str, object]:
    given = {name: value for name, value in asked.items() if value not in (None, "", [], False)}
    return {
        name: f"{len(str(value))} characters" if name in WORDS or len(str(value)) > LONGEST else value
        for name, value in given.items()
    }
