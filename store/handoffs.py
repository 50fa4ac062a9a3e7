"""Handoffs in Postgres: a CRM of our own, and the records that follow each into whichever CRM there is."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from crm.handoff import ContextPacket
from rows.lead import NotAllowed, parse
from rows.nul import without_nul
from store.postgres import Connection, Pool, statement

MOST_SECONDS = 3600.0


class PostgresCRMClient:
    """Keeps a handoff as a row beside the person's lead."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create_lead(self, context_packet: ContextPacket) -> str:
        """The id of its row."""
        packet = context_packet
        async with self._pool.acquire() as connection, connection.transaction():
            lead_id = await connection.fetchval(
                statement("lead_of_visitor"), _uuid(packet.conversation_id), _number(packet.visitor_phone),
                packet.visitor_email and packet.visitor_email.lower(),
            )  # fmt: skip
            known = without_nul(packet.model_dump(mode="json"))
            known["conversation_id"] = _text(_uuid(packet.conversation_id))
            id = await connection.fetchval(statement("insert_handoff"), orjson.dumps(known).decode(), lead_id)
            return str(id or await connection.fetchval(statement("handoff_of_packet"), known["packet_id"]))


async def look(pool: Pool) -> None:
    """Each run that was handed over gets a record; each handoff its lead, if that was not known before."""
    await pool.execute(statement("open_handoff_records"))
    await pool.execute(statement("link_handoffs"))


@asynccontextmanager
async def due(pool: Pool) -> AsyncIterator[tuple[Connection, asyncpg.Record | None]]:
    """The record that is to be delivered next, held for as long as the block takes; None where none is due."""
    async with pool.acquire() as connection, connection.transaction():
        yield connection, await connection.fetchrow(statement("due_handoffs"), 1)


async def delivered(connection: Connection, record: int, crm_record_id: str) -> None:
    await connection.execute(statement("end_handoff_record"), record, crm_record_id)


async def postpone(connection: Connection, record: int, error: str, *, attempts: int) -> None:
    """Twice as long each time, up to an hour."""
    seconds = min(2.0 ** min(attempts, 12), MOST_SECONDS)
    await connection.execute(statement("postpone_handoff_record"), record, error, seconds)


async def page(
    pool: Pool, *, level: str | None = None, session: str | None = None, before: int | None = None, limit: int = 50
) -> list[asyncpg.Record]:
    """Newest first; go on with the last one's id as `before`."""
    return list(await pool.fetch(statement("handoffs_page"), level, session, before, limit))


async def clear(pool: Pool, session: str) -> int:
    """All handoffs of a session, also those that wait for the CRM; returns how many there were."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(statement("open_handoff_records"))
        # First, and by itself: it waits for whoever delivers one now, which then is among those that are deleted.
        waiting = await connection.fetch(statement("clear_handoff_records"), session)
        return len(waiting) + len(await connection.fetch(statement("clear_handoffs"), session))


async def prune(pool: Pool, before: datetime) -> None:
    await pool.execute(statement("prune_handoffs"), before)


def _number(text: str | None) -> str | None:
    with contextlib.suppress(NotAllowed):
        return str(parse("phone", text)) if text else None
    return None


def _uuid(text: str | None) -> UUID | None:
    """A session of another channel has an id of its own kind."""
    with contextlib.suppress(ValueError):
        return UUID(text) if text else None
    return None


def _text(id: UUID | None) -> str | None:
    return str(id) if id else None
