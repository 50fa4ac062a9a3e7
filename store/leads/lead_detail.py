"""One lead as people and programs read it: its fields and why, its chat, its notes, its history, what belongs to it.

Who opened it is kept. Ids of merged leads keep resolving. Times are timezone-aware UTC.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from store.leads.leads import Actor, NotFound, current
from store.postgres import NEVER, Connection, Pool, plain_pattern, statement


class MessageCursor(NamedTuple):
    """Where a page of messages ends: sent_at, first_received_at (NEVER where unknown) and id of its last one."""

    sent_at: datetime
    received_at: datetime
    id: str

    @classmethod
    def of(cls, row: asyncpg.Record) -> "MessageCursor":
        return cls(row["sent_at"] or NEVER, row["first_received_at"] or NEVER, row["id"])


class LeadDetail(NamedTuple):
    lead: asyncpg.Record
    """A row of the view leads."""
    why: dict[str, asyncpg.Record]
    """Field to its last row of lead_changes; no row where nobody set it (a name then is the profile's)."""
    suggestions: list[asyncpg.Record]
    messages: list[asyncpg.Record]
    """The newest, or those around one; newest first."""
    at: str | None = None
    """The message that they are around."""
    is_cut: bool = False
    """Whether there are newer ones than these."""


async def read(pool: Pool, id: UUID, by: Actor, *, messages: int = 50, at: str | None = None) -> LeadDetail:
    """One lead with all that explains it, and the end of its chat; with `at`, so many messages before and after it.

    That it was opened, and by whom, is kept: once within ten minutes, however often a live page asks again. Raises
    NotFound.
    """
    async with pool.acquire() as connection, connection.transaction():
        lead = await connection.fetchrow(statement("lead"), id)
        if lead is None:
            raise NotFound(f"there is no lead {id}")
        await connection.execute(statement("log_open"), by.name, lead["id"])
        why = await connection.fetch(statement("why"), [lead["id"]])
        suggestions = await connection.fetch(statement("open_suggestions"), lead["id"])
        middle = await _middle(connection, lead["contact_id"], at)
        seen = MessageCursor.of(middle) if middle else (None, None, None)
        before = await connection.fetch(statement("messages_of_contact"), lead["contact_id"], messages, *seen)
        after = (
            await connection.fetch(statement("messages_of_contact_after"), lead["contact_id"], messages + 1, *seen)
            if middle
            else []
        )
    shown = [*reversed(after[:messages]), *([middle] if middle else []), *before]
    return LeadDetail(
        lead, {row["field"]: row for row in why}, list(suggestions), shown, middle and middle["id"],
        len(after) > messages,
    )  # fmt: skip


async def _middle(connection: Connection, contact: UUID, id: str | None) -> asyncpg.Record | None:
    """That message, if it is one of this person's chat."""
    found = await connection.fetchrow(statement("message"), id.replace("\0", "")) if id else None
    return found if found and found["contact_id"] == contact else None


async def opened(pool: Pool, id: UUID, by: Actor) -> asyncpg.Record:
    """As current; that part of it was opened, and by whom, is kept as `read` does. Raises NotFound."""
    lead = await current(pool, id)
    await pool.execute(statement("log_open"), by.name, lead["id"])
    return lead


async def messages(
    pool: Pool, contact_id: UUID, *, before: MessageCursor | None = None, limit: int = 50
) -> list[asyncpg.Record]:
    """Newest first; go on with the cursor of the last one as `before`."""
    return list(await pool.fetch(statement("messages_of_contact"), contact_id, limit, *(before or (None,) * 3)))


async def message(pool: Pool, id: str) -> asyncpg.Record | None:
    """One message by its wamid."""
    return await pool.fetchrow(statement("message"), id)


async def notes(pool: Pool | Connection, id: UUID) -> list[asyncpg.Record]:
    """All of them, oldest first; `corrected_by` names the note that took the place of one."""
    return list(await pool.fetch(statement("notes"), id))


async def history(
    pool: Pool, id: UUID, *, field: str | None = None, before: int | None = None, limit: int = 100
) -> list[asyncpg.Record]:
    """Rows of lead_changes, newest first; go on with the last one's id as `before`."""
    return list(await pool.fetch(statement("lead_history"), id, field, before, limit))


class Belongings(NamedTuple):
    """What else belongs to a lead: rows of media, conversations, and the client it became."""

    media: list[asyncpg.Record]
    conversations: list[asyncpg.Record]
    client: asyncpg.Record | None


async def belongings(pool: Pool, id: UUID, by: Actor, *, limit: int = 24) -> Belongings:
    """The newest of each. Raises NotFound."""
    lead = await opened(pool, id, by)
    return Belongings(
        list(await pool.fetch(statement("media_of_contact"), lead["contact_id"], limit)),
        list(await pool.fetch(statement("conversations_of_contact"), lead["contact_id"], limit)),
        await pool.fetchrow(statement("client_of_lead"), lead["id"]),
    )


async def timeline(pool: Pool, id: UUID, contact: UUID, *, limit: int) -> list[asyncpg.Record]:
    """What happened to a lead beside its chat, newest first."""
    return list(await pool.fetch(statement("timeline"), id, contact, limit))


async def said(pool: Pool, contact: UUID, words: str, *, limit: int) -> list[asyncpg.Record]:
    """The newest messages of a person that hold these words: id, direction, sent_at, text."""
    pattern = f"%{plain_pattern(words.replace(chr(0), ''))}%"
    return list(await pool.fetch(statement("messages_that_say"), contact, pattern, limit))


async def recent(pool: Pool, id: UUID | None, *, limit: int) -> list[asyncpg.Record]:
    """Rows of lead_changes with the lead's name, of one lead or of all; the newest first."""
    return list(await pool.fetch(statement("recent_changes"), id, limit))
