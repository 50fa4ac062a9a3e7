"""What extraction reads, and how far it has come. It writes reading marks; lead_records writes what was read."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from domain.sentiment import SentimentFound
from domain.window import BotFact, ChatLine, ChatNote, ChatWindow
from store.postgres import Connection, Pool, columns, statement


class Due(NamedTuple):
    """A lead of whom something came in since it was last read; `heard_at` is when."""

    lead_id: UUID
    contact_id: UUID
    heard_at: datetime | None
    read_hash: bytes | None


@dataclass(slots=True)
class ReadingPass:
    """One pass: leads due, the same as last time, read, changed; suggestions made; leads left because being edited."""

    due: int = 0
    unchanged: int = 0
    read: int = 0
    changed: int = 0
    suggested: int = 0
    busy: int = 0
    error: str | None = None
    moves: bool = True
    """Whether AI moves leads forward in this pass; else it proposes."""
    skipped: bool = False
    """Whether nothing was done because another pass was running."""


class Answered(NamedTuple):
    """A lead that a person has answered, and the message that does."""

    lead_id: UUID
    message_id: str


async def agents_move(pool: Pool) -> bool:
    """Return whether an agent has ever moved a lead with its API key."""
    return bool(await pool.fetchval(statement("agents_move")))


async def answered(pool: Pool, *, limit: int, moves: bool) -> list[Answered]:
    """Return leads that a person has answered and whose status does not say so, the longest unread first."""
    return [Answered(*row.values()) for row in await pool.fetch(statement("answered_leads"), limit, moves)]


async def due(pool: Pool, *, limit: int) -> list[Due]:
    """Those who wait longest first."""
    return [Due(*row.values()) for row in await pool.fetch(statement("due_leads"), limit)]


async def clear_heard_lately(pool: Pool) -> None:
    """Clear `heard_lately` of contacts whose chat is read and did not change for 15 minutes."""
    await pool.execute(statement("clear_heard_lately"))


async def windows(pool: Pool, wanted: Sequence[Due], *, lines: int) -> list[ChatWindow]:
    """In the order of `wanted`; the last `lines` messages of each that carry words."""
    contacts = [one.contact_id for one in wanted]
    said: dict[UUID, list[ChatLine]] = {contact: [] for contact in contacts}
    known: dict[UUID, list[BotFact]] = {contact: [] for contact in contacts}
    for row in await pool.fetch(statement("lines_of_contacts"), contacts, lines):
        said[row["contact_id"]].append(ChatLine(row["id"], row["inbound"], row["text"], row["spoken"], row["chosen"]))
    for row in await pool.fetch(statement("facts_of_contacts"), contacts):
        values = orjson.loads(row["values"])
        if isinstance(values, dict):
            known[row["contact_id"]].append(BotFact(row["origin"], row["at"], values, row["event_id"]))
    return [ChatWindow(one.lead_id, tuple(said[one.contact_id]), tuple(known[one.contact_id])) for one in wanted]


async def mark_read(connection: Connection, read: Sequence[tuple[Due, bytes]]) -> None:
    turned = columns([(one.lead_id, one.heard_at, hash) for one, hash in read], 3)
    await connection.execute(statement("mark_read"), *turned)


async def keep_notes(connection: Connection, notes: Sequence[tuple[UUID, ChatNote]], *, actor: str) -> None:
    """A note is kept once, however often its event is read."""
    if notes:
        turned = columns([(lead, note.event_id, note.text, note.at) for lead, note in notes], 4)
        await connection.execute(statement("insert_bot_notes"), *turned, actor)


async def keep_sentiments(connection: Connection, felt: Sequence[SentimentFound], *, actor: str) -> None:
    """Kept where it is another than last time."""
    if felt:
        turned = columns([(one.message_id, one.sentiment, actor) for one in felt], 3)
        await connection.execute(statement("insert_sentiments"), *turned)


async def keep_unrecognized(connection: Connection, names: Sequence[str]) -> None:
    """Count facts that were not understood; a name comes once for each reading that met it."""
    if names:
        await connection.execute(statement("insert_unrecognized_facts"), sorted(names))


async def unread_executions(pool: Pool, *, limit: int) -> list[str]:
    """Runs of the bot whose variables were never read, newest first."""
    return [row["id"] for row in await pool.fetch(statement("unread_executions"), limit)]


async def keep_variables(pool: Pool, execution: str, variables: Mapping[str, Any]) -> None:
    """What Kapso told of a run; its lead becomes due."""
    async with pool.acquire() as connection, connection.transaction():
        # With this lock an erasure runs either before this block (no row is inserted) or after it (the row is erased).
        await connection.execute(statement("share_who_is_who"))
        await connection.execute(statement("insert_variables"), execution, orjson.dumps(variables).decode())


async def seconds_since_begin(pool: Pool) -> float | None:
    """Since a pass last began; None before the first."""
    seconds: float | None = await pool.fetchval(statement("extraction_began"))
    return seconds


@asynccontextmanager
async def alone(pool: Pool) -> AsyncIterator[bool]:
    """Whether no other pass is under way anywhere; then none begins within the block."""
    async with pool.acquire() as connection:
        ours = bool(await connection.fetchval(statement("take_reading")))
        try:
            yield ours
        finally:
            if ours:
                await connection.execute(statement("leave_reading"))


async def begin_run(pool: Pool, model_per_minute: int | None) -> int:
    """Return the id of a new pass. `model_per_minute`: the bound of chats for a model, None without one."""
    id: int = await pool.fetchval(statement("begin_extraction"), model_per_minute)
    return id


async def end_run(pool: Pool, id: int, run: ReadingPass) -> None:
    await pool.execute(
        statement("end_extraction"), id, run.due, run.unchanged, run.read, run.changed, run.suggested, run.busy,
        run.error,
    )  # fmt: skip


async def prune_runs(pool: Pool, before: datetime) -> None:
    await pool.execute(statement("prune_extractions"), before)
