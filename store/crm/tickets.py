"""Tickets: something that a customer needs help with, in one conversation. Each change of one is kept.

Times are timezone-aware UTC.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg

from domain.field_kinds import NotAllowed
from store.leads.leads import Actor, NotFound
from store.postgres import Pool, columns, statement

STATUSES: Final = ("open", "pending", "solved", "closed")
PRIORITIES: Final = ("low", "normal", "high", "urgent")
FIELDS: Final = ("subject", "status", "priority", "assignee")


class Changed(Exception):
    """The ticket has changed since it was read: `version` is how far it has come."""

    def __init__(self, version: int) -> None:
        super().__init__(f"the ticket has changed since it was read; its version is {version} now")
        self.version = version


async def create(
    pool: Pool, conversation: UUID, subject: str, *, priority: str = "normal", assignee: str | None = None, by: Actor
) -> asyncpg.Record:
    """Raises NotFound, NotAllowed."""
    said = _checked({"subject": subject, "priority": priority, "assignee": assignee})
    values = (said["subject"], said["priority"], said["assignee"])
    id = await pool.fetchval(statement("insert_ticket"), conversation, *values, by.name)
    if id is None:
        raise NotFound(f"there is no conversation {conversation} of a lead (it may be deleted)")
    return await read(pool, id)


async def read(pool: Pool, id: int) -> asyncpg.Record:
    """With the lead's id, name and phone. Raises NotFound."""
    row = await pool.fetchrow(statement("ticket"), id)
    if row is None:
        raise NotFound(f"there is no ticket {id}")
    return row


async def patch(
    pool: Pool, id: int, values: Mapping[str, Any], *, by: Actor, version: int | None = None
) -> asyncpg.Record:
    """Set FIELDS; a None takes the assignee away. Raises NotFound, NotAllowed, Changed."""
    said = _checked(values)
    await read(pool, id)
    async with pool.acquire() as connection, connection.transaction():
        held = await connection.fetchrow(statement("lock_ticket"), id)
        if held is None:
            raise NotFound(f"there is no ticket {id}")
        if version is not None and version != held["version"]:
            raise Changed(held["version"])
        changes = [
            (id, name, held[name], value, by.source.value, by.name)
            for name, value in said.items()
            if value != held[name]
        ]
        if changes:
            now = {name: held[name] for name in FIELDS} | said
            await connection.execute(statement("update_ticket"), id, *(now[name] for name in FIELDS))
            await connection.execute(statement("insert_ticket_changes"), *columns(changes, 6))
    return await read(pool, id)


async def page(
    pool: Pool,
    *,
    status: Sequence[str] | None = None,
    priority: Sequence[str] | None = None,
    conversation: UUID | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[asyncpg.Record]:
    """Newest first; go on with the last one's id as `before`."""
    chosen = [list(one) if one else None for one in (status, priority)]
    return list(await pool.fetch(statement("tickets_page"), *chosen, conversation, before, limit))


async def of_lead(pool: Pool, lead: UUID) -> list[asyncpg.Record]:
    """Those that are not solved first; ten at most."""
    return list(await pool.fetch(statement("tickets_of_lead"), lead))


async def history(pool: Pool, id: int) -> list[asyncpg.Record]:
    """What changed, newest first."""
    return list(await pool.fetch(statement("ticket_history"), id))


async def conversation_of(pool: Pool, lead: UUID) -> UUID | None:
    """The conversation that a lead is in, or was in last."""
    id: UUID | None = await pool.fetchval(statement("latest_conversation"), lead)
    return id


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    for name, allowed in (("status", STATUSES), ("priority", PRIORITIES)):
        if name in values and values[name] not in allowed:
            raise NotAllowed("{name} must be one of: {allowed}", name=name, allowed=", ".join(allowed))
    return {
        name: _line(name, value, longest=200 if name == "subject" else 100, may_be_empty=name == "assignee")
        for name, value in values.items()
    }


def _line(name: str, value: Any, *, longest: int, may_be_empty: bool) -> str | None:
    words = " ".join(str(value or "").replace("\0", "").split())
    if not words and may_be_empty:
        return None
    if not 0 < len(words) <= longest:
        raise NotAllowed("{name} must have 1 to {longest} characters", name=name, longest=longest)
    return words
