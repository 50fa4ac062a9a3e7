"""What customers said in their chats, as passages that search finds. The only module that writes those.

Passages are a function of the messages that stand: whatever came late, moved to somebody else or is gone, putting the
chat again makes them right. None spans two weeks, so that what changes in one leaves the meanings of the others alone.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from knowledge.articles import chat_passages
from store.knowledge.articles import forget_meanings
from store.postgres import Connection, Pool, columns, statement

# Of a longer chat the newest are searched.
MOST_MESSAGES = 2000
WEEK = timedelta(days=7)
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
# More than a week can hold, of those that are searched.
PLACES_OF_A_WEEK = 10_000


class IndexedLine(NamedTuple):
    """A message as the customer wrote or said it."""

    id: str
    text: str
    sent_at: datetime | None


class Passage(NamedTuple):
    """`message_id` is its first message."""

    place: int
    message_id: str
    text: str


async def put(connection: Connection, chats: Mapping[UUID, UUID]) -> None:
    """Leads, each with its contact; whoever calls holds the leads. What changed loses its meaning until it is embedded
    anew."""
    if not chats:
        return
    said = await _said(connection, list(chats.values()))
    known = await _known(connection, list(chats))
    changed: list[tuple[UUID, int, str, str]] = []
    gone: list[tuple[UUID, int]] = []
    for lead, contact in sorted(chats.items()):
        wanted = {one.place: one for one in passages(said.get(contact, []))}
        before = known.get(lead, {})
        changed += [(lead, *one) for one in wanted.values() if before.get(one.place) != _mark(one)]
        gone += [(lead, place) for place in sorted(before.keys() - wanted.keys())]
    if gone:
        await connection.execute(statement("delete_chat_passages"), *columns(gone, 2))
    if changed:
        rows = await connection.fetch(statement("put_chat_passages"), *columns(changed, 4))
        await forget_meanings(connection, [row["id"] for row in rows])


async def walk(pool: Pool, *, most: int) -> int:
    """Index the next chats that earlier releases indexed not at all or only in part; return how many."""
    async with pool.acquire() as connection, connection.transaction():
        leads = {row["id"]: row["contact_id"] for row in await connection.fetch(statement("leads_to_index"), most)}
        if leads:
            await put(connection, leads)
            await connection.execute(statement("move_chat_index"), max(leads))
    return len(leads)


def passages(lines: Sequence[IndexedLine]) -> list[Passage]:
    """Of a chat, oldest line first (pure)."""
    return [
        Passage(week * PLACES_OF_A_WEEK + number, message, text)
        for week, some in groupby(lines, key=_week)
        for number, (message, text) in enumerate(chat_passages((one.id, one.text) for one in some))
    ]


def _week(line: IndexedLine) -> int:
    """What has no time comes first."""
    return (line.sent_at - BEGINNING) // WEEK if line.sent_at else 0


def _mark(one: Passage) -> tuple[str, str]:
    """As the statement chat_passages has it."""
    return one.message_id, hashlib.md5(one.text.encode(), usedforsecurity=False).hexdigest()


async def _known(connection: Connection, leads: Sequence[UUID]) -> dict[UUID, dict[int, tuple[str, str]]]:
    known: dict[UUID, dict[int, tuple[str, str]]] = {}
    for row in await connection.fetch(statement("chat_passages"), leads):
        known.setdefault(row["lead_id"], {})[row["place"]] = (row["message_id"], row["hash"])
    return known


async def _said(connection: Connection, contacts: Sequence[UUID]) -> dict[UUID, list[IndexedLine]]:
    said: dict[UUID, list[IndexedLine]] = {}
    for row in await connection.fetch(statement("said_by_contacts"), contacts, MOST_MESSAGES):
        said.setdefault(row["contact_id"], []).append(IndexedLine(row["id"], row["text"], row["sent_at"]))
    return said
