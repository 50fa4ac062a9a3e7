"""What customers said in their chats, as passages that search finds. The only module that writes those.

A chat goes on where its last passages end; one of which nothing is known yet is taken in whole.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias
from uuid import UUID

from knowledge.articles import chat_passages
from store.knowledge import forget_meanings
from store.postgres import Connection, Pool, columns, statement

# Of a longer chat the newest are searched.
MOST_MESSAGES = 2000
Lines: TypeAlias = Sequence[tuple[str, str]]
"""(message id, text), oldest first."""


class Chat(NamedTuple):
    """`said` is what the customer said, at least the end of it."""

    lead_id: UUID
    contact_id: UUID
    said: Lines


async def put(connection: Connection, chats: Sequence[Chat]) -> None:
    """Whoever calls holds the leads. What changed loses its meaning until it is embedded anew."""
    known = await _places(connection, [one.lead_id for one in chats])
    joined = {one.lead_id: on_from(one.said, known[one.lead_id]) for one in chats if one.said}
    whole = {one.contact_id: one.lead_id for one in chats if one.said and joined[one.lead_id] is None}
    ends = {lead: end for lead, end in joined.items() if end is not None}
    said = await _said(connection, list(whole))
    await _put(connection, ends | {whole[contact]: (0, lines) for contact, lines in said.items()})


async def walk(pool: Pool, *, most: int) -> int:
    """The next chats that were there before they could be searched, or were searched by their end; returns how many."""
    async with pool.acquire() as connection, connection.transaction():
        leads = {row["contact_id"]: row["id"] for row in await connection.fetch(statement("leads_to_index"), most)}
        if not leads:
            return 0
        said = await _said(connection, list(leads))
        await _put(connection, {leads[contact]: (0, lines) for contact, lines in said.items()})
        await connection.execute(statement("move_chat_index"), max(leads.values()))
    return len(leads)


def on_from(said: Lines, places: Mapping[str, int]) -> tuple[int, Lines] | None:
    """Where the end of a chat joins the passages that are known (by their first message), and what follows from there;
    None where it joins none of them (pure)."""
    for start, (message, _) in enumerate(said):
        if message in places:
            return places[message], said[start:]
    return None


async def _places(connection: Connection, leads: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    places: dict[UUID, dict[str, int]] = {lead: {} for lead in leads}
    for row in await connection.fetch(statement("places_of_leads"), list(leads)):
        places[row["lead_id"]][row["message_id"]] = row["place"]
    return places


async def _said(connection: Connection, contacts: Sequence[UUID]) -> dict[UUID, Lines]:
    said: dict[UUID, list[tuple[str, str]]] = {}
    for row in await connection.fetch(statement("said_by_contacts"), contacts, MOST_MESSAGES) if contacts else []:
        said.setdefault(row["contact_id"], []).append((row["id"], row["text"]))
    return dict(said)


async def _put(connection: Connection, ends: Mapping[UUID, tuple[int, Lines]]) -> None:
    rows = [
        (lead, place, message, text)
        for lead, (first, lines) in sorted(ends.items())
        for place, (message, text) in enumerate(chat_passages(lines), start=first)
    ]
    if rows:
        changed = await connection.fetch(statement("put_chat_passages"), *columns(rows, 4))
        await forget_meanings(connection, [row["id"] for row in changed])
