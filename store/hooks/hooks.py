"""Read and write the table `hooks`: webhooks, Slack and e-mail addresses that get notifications."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from domain.hooks import EVENTS
from store.postgres import Pool, statement

DEAD_SHOWN = 50
LONGEST_TARGET = 2000
HTTP = r"https?://[^\s/@]+(/\S*)?"
ADDRESS = r"[^\s@,;<>]+@[^\s@,;<>]+"
NO_URL = "A webhook needs a URL such as https://example.com/hook."
NO_ADDRESS = "An e-mail hook needs an e-mail address."
NO_EVENT = "Choose at least one event."
UNKNOWN_EVENT = "One of the events does not exist. The guide docs/hooks.md lists them."
TOO_LONG = "The URL or address is longer than 2,000 characters."
NAME_TAKEN = "A hook of this name exists. Choose another name, or remove that hook first."
BAD_NAME = "The name may have lower case letters, digits, dots, _ and -, and begins with a letter or a digit."


class HookRefused(Exception):
    """The user's input is not a valid hook. The text names the fault; pages translate it."""


class Hook(NamedTuple):
    """`target` is the URL of a webhook or an e-mail address; None for Slack."""

    id: UUID
    name: str
    kind: str
    target: str | None
    events: list[str]
    generation: int
    rotated_at: datetime | None
    paused_at: datetime | None


async def add(pool: Pool, name: str, kind: str, target: str | None, events: Sequence[str], *, by: str) -> Hook:
    """Raises HookRefused."""
    if len(target or "") > LONGEST_TARGET:
        raise HookRefused(TOO_LONG)
    if kind == "webhook" and not re.fullmatch(HTTP, target or ""):
        raise HookRefused(NO_URL)
    if kind == "email" and not re.fullmatch(ADDRESS, target or ""):
        raise HookRefused(NO_ADDRESS)
    if not events:
        raise HookRefused(NO_EVENT)
    if set(events) - set(EVENTS):
        raise HookRefused(UNKNOWN_EVENT)
    where = None if kind == "slack" else target
    try:
        row = await pool.fetchrow(statement("insert_hook"), name, kind, where, list(events), by)
    except asyncpg.UniqueViolationError:
        raise HookRefused(NAME_TAKEN) from None
    except asyncpg.CheckViolationError:
        raise HookRefused(BAD_NAME) from None
    return _hook(row)


async def read(pool: Pool, name: str) -> Hook | None:
    row = await pool.fetchrow(statement("hook"), name)
    return _hook(row) if row else None


async def every(pool: Pool) -> list[asyncpg.Record]:
    """Return the rows of `hooks` by name, each with the counts `waiting` and `dead`, and its newest `error`."""
    return list(await pool.fetch(statement("hooks")))


async def pause(pool: Pool, name: str, *, paused: bool) -> bool:
    """Pause or resume. Notifications of a paused hook wait. Return False if there is no such hook."""
    return await pool.fetchval(statement("pause_hook"), name, paused) is not None


async def rotate(pool: Pool, name: str) -> Hook | None:
    """Begin a new secret. Messages carry signatures of both secrets for a day."""
    row = await pool.fetchrow(statement("rotate_hook"), name)
    return _hook(row) if row else None


async def remove(pool: Pool, name: str) -> bool:
    """Delete the hook and its notifications. Return False if there is no such hook."""
    return await pool.fetchval(statement("remove_hook"), name) is not None


async def test(pool: Pool, name: str) -> int | None:
    """Queue a test notification and return its id; None if there is no such hook."""
    id: int | None = await pool.fetchval(statement("test_hook"), name)
    return id


async def replay(pool: Pool, name: str) -> int:
    """Retry the dead notifications and return how many there are."""
    return int((await pool.execute(statement("replay_hook"), name)).split()[-1])


async def dead(pool: Pool, name: str) -> list[asyncpg.Record]:
    """Return the dead notifications, the newest first, at most DEAD_SHOWN."""
    return list(await pool.fetch(statement("dead_notifications"), name, DEAD_SHOWN))


def _hook(row: asyncpg.Record) -> Hook:
    return Hook(*(row[name] for name in Hook._fields))
