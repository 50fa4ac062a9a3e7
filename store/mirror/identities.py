"""Whose names these are. Writes sightings, joins, identities, aliases, and which contacts exist.

Known names cost one statement. New ones, and numbers that more than one person was seen with, are regrouped: load all
that is linked with them, let `domain.people` decide, write the difference. Whoever regroups must be alone (see apply).
A batch regroups its strangers only, however many others it names.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

import asyncpg

from domain.people import KnownPeople, KnownPerson, Seen, people
from domain.types import Join, Sighting
from store.leads.lead_merge import merge_leads
from store.postgres import Connection, columns, statement


class Strangers(Exception):
    """A name is new, is used in a new way, or is contested: repeat the batch with the exclusive lock."""


@dataclass(slots=True)
class Grouping:
    """The contact behind each name; all contacts that are touched, and those of them that must be derived anew."""

    contact_of: dict[str, UUID] = field(default_factory=dict)
    contacts: set[UUID] = field(default_factory=set)
    changed: set[UUID] = field(default_factory=set)
    held: list[tuple[str, datetime, UUID]] = field(default_factory=list)

    def take(self, newer: "Grouping", retired: set[UUID]) -> None:
        """Put in what was decided later, where it says something else."""
        self.contact_of |= newer.contact_of
        self.contacts = (self.contacts | newer.contacts) - retired
        self.changed = (self.changed | newer.changed) - retired
        self.held += newer.held


async def known(connection: Connection, sightings: list[Sighting], joins: list[Join]) -> Grouping:
    """The contacts behind names that are all known; raises Strangers otherwise."""
    grouping, strangers, new = await _touch(connection, sightings, joins)
    if strangers or new:
        raise Strangers
    return grouping


async def regroup(connection: Connection, sightings: list[Sighting], joins: list[Join]) -> Grouping:
    """The contacts behind all names. Contacts, identities and what belongs to them agree with what was seen again."""
    grouping, strangers, new = await _touch(connection, sightings, joins)
    if strangers or new:
        grouping.take(*await _regroup(connection, strangers, new))
    return grouping


async def _touch(
    connection: Connection, sightings: list[Sighting], joins: list[Join]
) -> tuple[Grouping, list[Sighting], list[Join]]:
    """Keep what was seen of known names; return the contacts behind them, and what has to be regrouped."""
    new = await connection.fetch(statement("new_joins"), *columns(joins, 3)) if joins else []
    touched = await connection.fetch(statement("touch_sightings"), *columns(sightings, len(Sighting._fields)))
    found = {(row["handle"], row["bsuid"]) for row in touched}
    contact_of = {row["bsuid"] or row["handle"]: row["contact_id"] for row in touched}
    changed = {row["contact_id"] for row in touched if row["changed"]}
    strangers = [one for one in sightings if (one.handle, one.bsuid) not in found]
    return Grouping(contact_of, set(contact_of.values()), changed), strangers, [Join(*row) for row in new]


async def _regroup(connection: Connection, sightings: list[Sighting], joins: list[Join]) -> tuple[Grouping, set[UUID]]:
    """Store what was seen, group all that is linked with it anew, and return that and the contacts that are gone."""
    await connection.execute(statement("insert_joins"), *columns(joins, 3))
    await connection.execute(statement("upsert_sightings"), *columns(sightings, len(Sighting._fields)))
    seen = {name for sighting in sightings for name in (sighting.handle, sighting.bsuid)}
    named = sorted(name for name in seen.union(*((join.a, join.b) for join in joins)) if name)
    linked = [row["name"] for row in await connection.fetch(statement("linked_names"), named)]
    stored = await connection.fetch(statement("sightings_of_names"), linked)
    grouped = people(
        (Seen(*(row[name] for name in Seen._fields)) for row in stored),
        (Join(*row) for row in await connection.fetch(statement("joins_of_names"), linked)),
    )
    ids, retired = _ids(grouped.persons, stored)
    await _write(connection, grouped, ids, retired)
    gone = {old for old, _ in retired}
    contacts = {*ids} | {row["contact_id"] for row in stored if row["contact_id"]} - gone
    grouping = Grouping(
        contact_of={b or h: id for person, id in zip(grouped.persons, ids, strict=True) for h, b in person.pairs},
        contacts=contacts,
        changed=contacts,
        held=[(held.handle, held.since, ids[held.person]) for held in grouped.holders],
    )
    return grouping, gone


async def assign_contested(connection: Connection, grouping: Grouping) -> list[UUID]:
    """Assign messages and conversations that name only a contested number to the person who held it at that time.

    A number is contested if more than one person was seen with it. Call this after the batch's rows are written.

    Returns the conversations that moved.
    """
    if not grouping.held:
        return []
    arguments = (*columns(grouping.held, 3), sorted(grouping.contacts))
    await connection.execute(statement("assign_contested_messages"), *arguments)
    return [row["id"] for row in await connection.fetch(statement("assign_contested_conversations"), *arguments)]


def _ids(persons: list[KnownPerson], stored: Iterable[asyncpg.Record]) -> tuple[list[UUID], list[tuple[UUID, UUID]]]:
    """A contact id for each person, the oldest of those it had, and (old, new) for the others."""
    before = {(row["handle"], row["bsuid"]): row["contact_id"] for row in stored if row["contact_id"]}
    age: dict[UUID, datetime] = {}
    for row in stored:
        if row["contact_id"]:
            age[row["contact_id"]] = min(row["first_at"], age.get(row["contact_id"], row["first_at"]))
    # A number may have passed to somebody else; the contact that it came with stays with its business-scoped id.
    taken = {id for (_, bsuid), id in before.items() if bsuid}
    ids: list[UUID] = []
    retired: list[tuple[UUID, UUID]] = []
    for person in persons:
        own = {before[pair] for pair in person.pairs if pair in before and (pair[1] or before[pair] not in taken)}
        taken |= own
        oldest, *others = sorted(own, key=lambda contact: (age[contact], contact)) or [uuid4()]
        ids.append(oldest)
        retired += [(other, oldest) for other in others]
    return ids, retired


async def _write(
    connection: Connection, grouped: KnownPeople, ids: list[UUID], retired: list[tuple[UUID, UUID]]
) -> None:
    await connection.execute(statement("insert_contacts"), ids)
    assigned = [
        (
            handle,
            bsuid,
            id,
            (handle, bsuid) not in person.not_held,
            handle in grouped.contested,
            bsuid in grouped.replaced,
            len(person.pairs) == 1,
        )
        for person, id in zip(grouped.persons, ids, strict=True)
        for handle, bsuid in person.pairs
    ]
    await connection.execute(statement("assign_sightings"), *columns(assigned, 7))
    names = sorted((*name, id) for person, id in zip(grouped.persons, ids, strict=True) for name in person.identities)
    kinds, values, owners = columns(names, 3)
    await connection.execute(statement("delete_identities"), [*ids, *(old for old, _ in retired)], kinds, values)
    await connection.execute(statement("insert_identities"), kinds, values, owners)
    if retired:
        old_and_new = columns(retired, 2)
        await connection.execute(statement("move_conversations"), *old_and_new)
        await connection.execute(statement("move_messages"), *old_and_new)
        await connection.execute(statement("retire_contacts"), *old_and_new)
        await merge_leads(connection, retired)
        await connection.execute(statement("delete_contacts"), old_and_new[0])
