"""Further people on a lead: a partner, an accountant. Each has a chat and a lead of their own."""

from uuid import UUID

import asyncpg

from domain.field_kinds import NotAllowed
from domain.lead import Claim
from domain.phone import Phones
from store.leads.lead_records import record_change
from store.leads.leads import Actor, NotFound, at_version
from store.mirror.who import Ambiguous, meant
from store.postgres import Pool, statement

LONGEST_ROLE = 100


async def of(pool: Pool, lead: UUID) -> list[asyncpg.Record]:
    """contact_id, role, added_by, added_at, and their own lead: lead_id, name, phone."""
    return list(await pool.fetch(statement("people_of_lead"), lead))


async def add(pool: Pool, lead: UUID, who: str, *, role: str | None = None, by: Actor, phones: Phones) -> None:
    """`who`: an id, a number in any form, a @username. Adding them again sets the role. Raises NotFound, NotAllowed."""
    called = " ".join((role or "").replace("\0", "").split()) or None
    if called and len(called) > LONGEST_ROLE:
        raise NotAllowed("{name} must have 1 to {longest} characters", name="role", longest=LONGEST_ROLE)
    try:
        person = await meant(pool, who, phones)
    except Ambiguous as error:
        raise NotAllowed(str(error)) from None
    if person is None:
        raise NotFound("nobody is known by that number, name or id")
    async with pool.acquire() as connection, connection.transaction():
        held = await at_version(connection, lead, None)
        if held.contact_id == person.contact_id:
            raise NotAllowed("that is the lead's own person")
        await connection.execute(statement("add_person"), held.id, person.contact_id, called, by.name)
        await record_change(
            connection, held, Claim("people", called or "added", by.source, by.name, str(person.contact_id))
        )


async def remove(pool: Pool, lead: UUID, contact: UUID, *, by: Actor) -> None:
    """Their own chat and lead stay. Raises NotFound."""
    async with pool.acquire() as connection, connection.transaction():
        held = await at_version(connection, lead, None)
        if await connection.fetchrow(statement("remove_person"), held.id, contact) is None:
            raise NotFound(f"{contact} is not on this lead")
        await record_change(connection, held, Claim("people", None, by.source, by.name, str(contact)))
