"""Handoffs in Postgres: a CRM of our own, and the records that follow each into whichever CRM there is."""

import asyncio
import contextlib
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from domain import visitor
from domain.body import cleaned
from domain.handoff import ContextPacket, CRMClient
from domain.phone import ANYWHERE, NotAPhone, Phones
from store.postgres import Connection, Pool, statement

MOST_SECONDS = 3600.0
# The most messages that are read for a handoff.
LINES = 100
LONGEST_SUMMARY = 20_000
# The timeout of one call to another CRM, in seconds.
PATIENCE = 30.0


class PostgresCRMClient:
    """Keeps a handoff as a row beside the person's lead; with `other`, that CRM gets each packet as well."""

    def __init__(self, pool: Pool, phones: Phones = ANYWHERE, *, other: CRMClient | None = None) -> None:
        self._pool = pool
        self._phones = phones
        self._other = other

    async def create_lead(self, context_packet: ContextPacket) -> str:
        """Return the id that the other CRM gave it; without one, the id of its row.

        Raises HandoffNotTaken when the other CRM fails or takes longer than PATIENCE: the row is kept then, and the
        same packet, sent again, goes on from there.
        """
        packet = context_packet
        async with self._pool.acquire() as connection, connection.transaction():
            lead_id = await _lead_of(connection, packet, self._phones)
            known = cleaned(packet.model_dump(mode="json"))
            session = await connection.fetchval(statement("conversation_that_exists"), _uuid(packet.session_id))
            known["conversation_id"] = _text(_uuid(packet.conversation_id) or session)
            id = await connection.fetchval(statement("insert_handoff"), orjson.dumps(known).decode(), lead_id)
            id = id or await connection.fetchval(statement("handoff_of_packet"), known["packet_id"])
        if self._other is None:
            return str(id)
        try:
            async with asyncio.timeout(PATIENCE):
                record = await self._other.create_lead(packet)
        except Exception as error:
            # Of whatever kind: another CRM has errors of its own.
            raise HandoffNotTaken(packet.packet_id) from error
        await self._pool.execute(statement("name_handoff"), id, record)
        return record


def crm_client(named: str | None, pool: Pool, phones: Phones) -> PostgresCRMClient:
    """Return what takes handoffs; `named` is the CRM that gets them as well, as module:Class, made without arguments.

    Raises NoCRMClient when it cannot be loaded.
    """
    if named is None:
        return PostgresCRMClient(pool, phones)
    module, _, name = named.partition(":")
    try:
        other = getattr(importlib.import_module(module), name)()
    except Exception as error:
        raise NoCRMClient(f"CRM_CLIENT={named} cannot be loaded: {type(error).__name__}: {error}") from error
    if not callable(getattr(other, "create_lead", None)):
        raise NoCRMClient(f"CRM_CLIENT={named} has no method create_lead(context_packet)")
    return PostgresCRMClient(pool, phones, other=other)


class HandoffNotTaken(Exception):
    """The CRM of CRM_CLIENT did not take a handoff; `packet_id` names the packet, the cause says why."""

    def __init__(self, packet_id: str) -> None:
        super().__init__(f"the CRM did not take the handoff {packet_id}")
        self.packet_id = packet_id


class NoCRMClient(Exception):
    """The class that CRM_CLIENT names cannot be used; the text says why."""


async def _lead_of(connection: Connection | Pool, packet: ContextPacket, phones: Phones) -> UUID | None:
    number = None
    with contextlib.suppress(NotAPhone):
        number = phones.read(packet.visitor_phone) if packet.visitor_phone else None
    id: UUID | None = await connection.fetchval(
        statement("lead_of_visitor"), _uuid(packet.conversation_id) or _uuid(packet.session_id), number,
        packet.visitor_email and packet.visitor_email.lower(),
    )  # fmt: skip
    return id


async def completed(connection: Connection | Pool, packet: ContextPacket, phones: Phones) -> ContextPacket:
    """Return the packet with what is known of the visitor in place of what it leaves open."""
    lead_id = await _lead_of(connection, packet, phones)
    lead = await connection.fetchrow(statement("lead"), lead_id) if lead_id else None
    lines = await connection.fetch(statement("lines_of_contacts"), [lead["contact_id"]], LINES) if lead else []
    fields, said = dict(lead or {}), [visitor.VisitorLine(row["text"], row["inbound"]) for row in lines]
    known: dict[str, Any] = visitor.facts(fields, said)
    known["signals_observed"] = orjson.loads(fields["signals"]) if lead else []
    known["conversation_summary"] = visitor.summary(fields, said)[:LONGEST_SUMMARY]
    stated = {name for name in packet.model_fields_set if getattr(packet, name) is not None}
    return packet.model_copy(update={name: value for name, value in known.items() if name not in stated})


async def prepare_records(pool: Pool) -> None:
    """Create a record for each run that was handed over and has none, and set the lead of handoffs that have none."""
    await pool.execute(statement("insert_handoff_records"))
    await pool.execute(statement("link_handoffs"))


@asynccontextmanager
async def due(pool: Pool) -> AsyncIterator[tuple[Connection, asyncpg.Record | None]]:
    """The record that is to be delivered next, held for as long as the block takes; None where none is due."""
    async with pool.acquire() as connection, connection.transaction():
        yield connection, await connection.fetchrow(statement("due_handoffs"), 1)


async def delivered(connection: Connection, record: int, crm_record_id: str) -> None:
    await connection.execute(statement("end_handoff_record"), record, crm_record_id)


async def postpone(connection: Connection, record: int, error: str, *, attempts: int) -> None:
    """Schedule the next attempt; the delay doubles each time, up to one hour."""
    seconds = min(2.0 ** min(attempts, 12), MOST_SECONDS)
    await connection.execute(statement("postpone_handoff_record"), record, error, seconds)


async def page(
    pool: Pool, *, level: str | None = None, session: str | None = None, before: int | None = None, limit: int = 50
) -> list[asyncpg.Record]:
    """Newest first; go on with the last one's id as `before`."""
    return list(await pool.fetch(statement("handoffs_page"), level, session, before, limit))


async def clear(pool: Pool, session: str) -> int:
    """Delete all handoffs of a session, also those that wait for the CRM; return how many there were."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(statement("insert_handoff_records"))
        # A statement of its own: it waits for a delivery in progress, and the next one deletes what that inserted.
        waiting = await connection.fetch(statement("clear_handoff_records"), session)
        return len(waiting) + len(await connection.fetch(statement("clear_handoffs"), session))


async def prune(pool: Pool, before: datetime) -> None:
    await pool.execute(statement("prune_handoffs"), before)


def _uuid(text: str | None) -> UUID | None:
    """A session of another channel has an id of its own kind."""
    with contextlib.suppress(ValueError):
        return UUID(text) if text else None
    return None


def _text(id: UUID | None) -> str | None:
    return str(id) if id else None
