"""Endpoints outside: webhooks, Slack, e-mail addresses. Writes `hooks`."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from domain.hooks import EVENTS
from store.postgres import Pool, statement

DEAD_SHOWN = 50
HTTP = r"https?://[^\s/@]+(/\S*)?"


class HookRefused(Exception):
    """The text says what is wrong with what was given."""


class Hook(NamedTuple):
    """`target` is the URL of a webhook or an e-mail address; None for Slack."""

    id: UUID
    name: str
    kind: str
    target: str | None
    events: list[str]
    generation: int
    rotated_at: Any
    paused_at: Any


async def add(pool: Pool, name: str, kind: str, target: str | None, events: Sequence[str], *, by: str) -> Hook:
    """Raises HookRefused."""
    if kind == "webhook" and not re.fullmatch(HTTP, target or ""):
        raise HookRefused("a webhook needs a URL such as https://example.com/hook")
    if kind == "email" and "@" not in (target or ""):
        raise HookRefused("an e-mail needs an address")
    if not events or set(events) - set(EVENTS):
        raise HookRefused(f"the events are {', '.join(EVENTS)}")
    where = None if kind == "slack" else target
    try:
        row = await pool.fetchrow(statement("insert_hook"), name, kind, where, list(events), by)
    except asyncpg.UniqueViolationError:
        raise HookRefused(f"there is a hook {name} already") from None
    except asyncpg.CheckViolationError:
        raise HookRefused("a name has lower case letters, digits, . _ - and begins with a letter or digit") from None
    return _hook(row)


async def read(pool: Pool, name: str) -> Hook | None:
    row = await pool.fetchrow(statement("hook"), name)
    return _hook(row) if row else None


async def every(pool: Pool) -> list[asyncpg.Record]:
    """Rows of `hooks`, and `waiting`, `dead`, `error`; by name."""
    return list(await pool.fetch(statement("hooks")))


async def pause(pool: Pool, name: str, *, paused: bool) -> bool:
    """While it is paused, notifications wait. False if there is no such hook."""
    return await pool.fetchval(statement("pause_hook"), name, paused) is not None


async def rotate(pool: Pool, name: str) -> Hook | None:
    """Give it another secret; the old one is valid for a day."""
    row = await pool.fetchrow(statement("rotate_hook"), name)
    return _hook(row) if row else None


async def remove(pool: Pool, name: str) -> bool:
    """With its notifications."""
    return await pool.fetchval(statement("remove_hook"), name) is not None


async def test(pool: Pool, name: str) -> int | None:
    """Ask for a test notification; return its id."""
    id: int | None = await pool.fetchval(statement("test_hook"), name)
    return id


async def replay(pool: Pool, name: str) -> int:
    """Try the dead ones anew; return how many."""
    return int((await pool.execute(statement("replay_hook"), name)).split()[-1])


async def dead(pool: Pool, name: str) -> list[asyncpg.Record]:
    """The newest first."""
    return list(await pool.fetch(statement("dead_notifications"), name, DEAD_SHOWN))


def _hook(row: asyncpg.Record) -> Hook:
    return Hook(*(row[name] for name in Hook._fields))
