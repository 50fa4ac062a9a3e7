"""Merge two leads that the caller knows to be one person, although no event links them. There is no undo."""

from datetime import UTC, datetime
from uuid import UUID

from domain.field_kinds import NotAllowed
from domain.lead import Claim
from domain.types import Join, Sighting
from store.leads.lead_records import record_change
from store.leads.leads import Actor, NotFound, at_version
from store.mirror import identities
from store.mirror.apply import Batch, write
from store.postgres import Connection, Pool, statement

NOT_JOINED = "their names can't be joined: each is known to belong to somebody else"


class _Undone(Exception):
    """A rehearsal is over."""


async def merge(pool: Pool, lead: UUID, other: UUID, *, by: Actor, reason: str, go: bool) -> UUID:
    """Returns the lead that both are. A rehearsal unless `go`: the same, rolled back. Raises NotFound, NotAllowed."""
    done: UUID | None = None
    try:
        async with pool.acquire() as connection, connection.transaction():
            done = await _merge(connection, lead, other, by, reason)
            if not go:
                raise _Undone
    except _Undone:
        pass
    assert done is not None
    return done


async def _merge(connection: Connection, lead: UUID, other: UUID, by: Actor, reason: str) -> UUID:
    await connection.execute(statement("hold_who_is_who"))
    contacts = []
    for id in (lead, other):
        row = await connection.fetchrow(statement("lead"), id)
        if row is None:
            raise NotFound(f"there is no lead {id}")
        contacts.append(row["contact_id"])
    if contacts[0] == contacts[1]:
        raise NotAllowed("these are one person already")
    (handle, bsuid), (other_handle, other_bsuid) = [await _name(connection, contact) for contact in contacts]
    now = datetime.now(UTC)
    sightings, joins = [], []
    if bsuid and other_bsuid:
        joins.append(Join(bsuid, other_bsuid, "previous"))
        sightings.append(Sighting(handle, bsuid, now, now))
    elif bsuid or other_bsuid:
        sightings.append(Sighting(other_handle if bsuid else handle, bsuid or other_bsuid, now, now))
    elif handle and other_handle:
        joins.append(Join(handle, other_handle, "line"))
        sightings.append(Sighting(handle, "", now, now))
    grouping = await identities.regroup(connection, sightings, joins)
    await write(connection, Batch(), grouping)
    one = await connection.fetchrow(statement("lead"), lead)
    same = await connection.fetchrow(statement("lead"), other)
    if one is None or same is None or one["id"] != same["id"]:
        raise NotAllowed(NOT_JOINED)
    held = await at_version(connection, one["id"], None)
    await record_change(connection, held, Claim("merged", str(other), by.source, by.name, reason))
    return held.id


async def _name(connection: Connection, contact: UUID) -> tuple[str, str]:
    """A number or the like, and a business-scoped id; '' where there is none."""
    rows = await connection.fetch(statement("sightings_of_contact"), contact)
    handle = next((row["handle"] for row in rows if row["handle"]), "")
    bsuid = next((row["bsuid"] for row in rows if row["bsuid"]), "")
    return handle, bsuid
